//! Floating-point kernels of the network: one portable source, compiled per instruction set.
//!
//! Sums run over [`LANES`] fixed partial sums that are added in a fixed order, products are fused explicitly,
//! so every instruction set gives the same bits.

use super::simd::{BLOCK, multiversion};

/// Partial sums of every reduction.
pub(crate) const LANES: usize = 16;

/// Columns of one register tile of attention; the width of a head is a multiple of it.
pub(crate) const HEAD: usize = 2 * LANES;

/// Rows of one register tile of attention.
const ROWS: usize = 4;

type Lanes = [f32; LANES];

#[inline(always)]
fn lanes(slice: &[f32]) -> &Lanes {
    slice.first_chunk().expect("chunks of LANES")
}

/// `acc[row] += a[row] · b` for [`HEAD`] columns of `b`.
// Plain loops over arrays here and below: closures given to `array::from_fn` or `map` are compiled without the
// instruction set of their caller.
#[inline(always)]
fn multiply_add(acc: &mut [[Lanes; 2]; ROWS], a: [f32; ROWS], b: &[f32]) {
    let (low, high) = (lanes(b), lanes(&b[LANES..]));
    for row in 0..ROWS {
        for lane in 0..LANES {
            acc[row][0][lane] = a[row].mul_add(low[lane], acc[row][0][lane]);
        }
        for lane in 0..LANES {
            acc[row][1][lane] = a[row].mul_add(high[lane], acc[row][1][lane]);
        }
    }
}

#[inline(always)]
fn sum(lanes: Lanes) -> f32 {
    reduce(lanes, |a, b| a + b)
}

/// Combines lanes pairwise, halves first: a fixed tree.
#[inline(always)]
fn reduce(mut lanes: Lanes, combine: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}

/// Larger of two finite numbers; compiles to one instruction, unlike `f32::max`, which orders NaN.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// `e^x` to about 2 units in the last place, flushed to the smallest normal number below -87.3 (Cephes
/// `expf`: range reduction by ln 2 in two parts and a polynomial of degree 5).
#[inline(always)]
#[allow(clippy::excessive_precision)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = smaller(larger(x, -87.3), 88.3);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(2.121_944_4e-4, n.mul_add(-0.693_359_375, x));
    let mut p = 1.987_569_15e-4_f32;
    p = p.mul_add(r, 1.398_199_950_7e-3);
    p = p.mul_add(r, 8.333_451_907_3e-3);
    p = p.mul_add(r, 4.166_579_589_4e-2);
    p = p.mul_add(r, 1.666_666_545_9e-1);
    p = p.mul_add(r, 5.000_000_120_1e-1);
    let y = p.mul_add(r * r, r) + 1.0;
    let power = shifted.to_bits().wrapping_shl(23).wrapping_add(0x3f80_0000);
    y * f32::from_bits(power)
}

/// The error function, to 3·10⁻⁷: the rational minimax approximation on [-4, 4] that Eigen documents.
#[inline(always)]
#[allow(clippy::excessive_precision)]
fn erf(x: f32) -> f32 {
    let x = smaller(larger(x, -4.0), 4.0);
    let s = x * x;
    let mut p = -2.726_142_258_013_06e-10_f32;
    p = p.mul_add(s, 2.770_681_424_959_02e-8);
    p = p.mul_add(s, -2.101_024_020_825_08e-6);
    p = p.mul_add(s, -5.692_506_394_623_46e-5);
    p = p.mul_add(s, -7.349_906_303_268_55e-4);
    p = p.mul_add(s, -2.954_599_808_540_25e-3);
    p = p.mul_add(s, -1.609_603_332_624_15e-2);
    let mut q = -1.456_607_184_649_96e-5_f32;
    q = q.mul_add(s, -2.133_740_552_789_05e-4);
    q = q.mul_add(s, -1.682_826_974_382_03e-3);
    q = q.mul_add(s, -7.373_329_167_204_68e-3);
    q = q.mul_add(s, -1.426_473_905_141_89e-2);
    x * p / q
}

/// How one row of activations was quantised: `value ≈ scale · (byte − zero)`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct RowScale {
    pub(crate) scale: f32,
    pub(crate) zero: i32,
}

/// What leads the integer sums of some outputs back to floats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    /// The scale of each output's weights.
    pub(crate) scales: &'a [f32],
    /// The sum of each output's weights.
    pub(crate) corrections: &'a [i32],
    pub(crate) bias: &'a [f32],
}

multiversion! {
    /// In place: `x ← x · ½ · (1 + erf(x / √2))`.
    pub(crate) fn gelu(x: &mut [f32]) {
        for x in x {
            *x = 0.5 * *x * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
    }

    /// Each row of `x` (`weight.len()` wide) plus the row of `residual`, normalised to mean 0 and variance 1,
    /// then scaled and shifted, in place.
    pub(crate) fn add_layer_norm(x: &mut [f32], residual: &[f32], weight: &[f32], bias: &[f32], epsilon: f32) {
        let width = weight.len();
        for (x, residual) in x.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
            let mut total = [0.0; LANES];
            for (x, residual) in x.chunks_exact_mut(LANES).zip(residual.chunks_exact(LANES)) {
                for lane in 0..LANES {
                    x[lane] += residual[lane];
                    total[lane] += x[lane];
                }
            }
            let mean = sum(total) / width as f32;
            let mut total = [0.0; LANES];
            for x in x.chunks_exact(LANES) {
                for lane in 0..LANES {
                    let d = x[lane] - mean;
                    total[lane] = d.mul_add(d, total[lane]);
                }
            }
            let inverse = 1.0 / (sum(total) / width as f32 + epsilon).sqrt();
            for ((x, weight), bias) in x.iter_mut().zip(weight).zip(bias) {
                *x = ((*x - mean) * inverse).mul_add(*weight, *bias);
            }
        }
    }

    /// Quantises each row of `x` (`width` wide) to unsigned bytes over its own range, so that a row's bytes
    /// depend on no other row: `scales[row]` tells how to go back. `width` is a multiple of [`LANES`].
    pub(crate) fn quantize_rows(x: &[f32], width: usize, bytes: &mut [u8], scales: &mut [RowScale]) {
        const ROUND: f32 = 12_582_912.0;
        for ((x, bytes), scale) in x.chunks_exact(width).zip(bytes.chunks_exact_mut(width)).zip(scales) {
            // Zero is always inside the range, so that it is represented exactly.
            let mut low = [0.0; LANES];
            let mut high = [0.0; LANES];
            for x in x.chunks_exact(LANES) {
                for lane in 0..LANES {
                    low[lane] = smaller(x[lane], low[lane]);
                    high[lane] = larger(x[lane], high[lane]);
                }
            }
            let (low, high) = (reduce(low, smaller), reduce(high, larger));
            let step = larger((high - low) / 255.0, f32::MIN_POSITIVE);
            let inverse = 1.0 / step;
            let zero = (-low * inverse).round_ties_even();
            *scale = RowScale { scale: step, zero: zero as i32 };
            for (x, byte) in x.iter().zip(bytes) {
                let value = smaller(larger(x.mul_add(inverse, zero), 0.0), 255.0);
                *byte = (value + ROUND).to_bits() as u8;
            }
        }
    }

    /// One tile of sums, `[rows, BLOCK]`, back to floats: `sum · row.scale · scale + bias`, after taking out
    /// what the row's zero point put in. `out` starts at the
    /// tile's first row and column; `stride` is its width.
    pub(crate) fn dequantize(sums: &[[i32; BLOCK]], rows: &[RowScale], columns: &Columns<'_>, out: &mut [f32], stride: usize) {
        let Columns { scales, corrections, bias } = *columns;
        let width = bias.len();
        for ((sums, row), out) in sums.iter().zip(rows).zip(out.chunks_mut(stride)) {
            let out = out[..width].iter_mut().zip(sums);
            for ((((out, sum), scale), correction), bias) in out.zip(scales).zip(corrections).zip(bias) {
                *out = ((sum - row.zero * correction) as f32 * row.scale).mul_add(*scale, *bias);
            }
        }
    }

    /// Attention of one head over one window.
    ///
    /// `qkv` holds one row per piece, `3 · hidden` wide: queries, keys and values. The head's columns start at
    /// `column` in each and are `width` wide (a multiple of [`HEAD`]); `out` is `hidden` wide and receives the
    /// same columns. `scratch` is reused between calls.
    pub(crate) fn attention(qkv: &[f32], hidden: usize, column: usize, width: usize, out: &mut [f32], scratch: &mut Vec<f32>) {
        let pieces = qkv.len() / (3 * hidden);
        let padded = pieces.next_multiple_of(HEAD);
        scratch.clear();
        scratch.resize(padded * (2 * width + ROWS) + ROWS * width, 0.0);
        let (keys, rest) = scratch.split_at_mut(padded * width);
        let (values, rest) = rest.split_at_mut(padded * width);
        let (scores, queries) = rest.split_at_mut(padded * ROWS);
        // Keys as [pieces / HEAD][width][HEAD], values as [width / HEAD][pieces][HEAD]: the inner loops below
        // then walk memory in order.
        for (piece, row) in qkv.chunks_exact(3 * hidden).enumerate() {
            let tile = &mut keys[piece / HEAD * HEAD * width..][..HEAD * width];
            for (tile, key) in tile.chunks_exact_mut(HEAD).zip(&row[hidden + column..]) {
                tile[piece % HEAD] = *key;
            }
            let row = &row[2 * hidden + column..][..width];
            for (values, row) in values.chunks_exact_mut(padded * HEAD).zip(row.chunks_exact(HEAD)) {
                values[piece * HEAD..][..HEAD].copy_from_slice(row);
            }
        }
        let scale = 1.0 / (width as f32).sqrt();
        for first in (0..pieces).step_by(ROWS) {
            let rows = ROWS.min(pieces - first);
            // Rows past the window repeat the last one and are thrown away.
            for row in 0..ROWS {
                let piece = (first + row).min(pieces - 1);
                for (d, query) in qkv[piece * 3 * hidden + column..][..width].iter().enumerate() {
                    queries[d * ROWS + row] = query * scale;
                }
            }
            for (tile, keys) in keys.chunks_exact(HEAD * width).enumerate() {
                let mut acc = [[[0.0f32; LANES]; 2]; ROWS];
                for (keys, query) in keys.chunks_exact(HEAD).zip(queries.chunks_exact(ROWS)) {
                    multiply_add(&mut acc, [query[0], query[1], query[2], query[3]], keys);
                }
                for (acc, scores) in acc.iter().zip(scores.chunks_exact_mut(padded)) {
                    scores[tile * HEAD..][..HEAD].copy_from_slice(acc.as_flattened());
                }
            }
            let mut inverse = [0.0; ROWS];
            for (inverse, scores) in inverse.iter_mut().zip(scores.chunks_exact_mut(padded)) {
                scores[pieces..].fill(f32::MIN);
                let mut highest = [f32::MIN; LANES];
                for x in scores.chunks_exact(LANES) {
                    for lane in 0..LANES {
                        highest[lane] = larger(x[lane], highest[lane]);
                    }
                }
                let highest = reduce(highest, larger);
                let mut total = [0.0; LANES];
                for x in scores.chunks_exact_mut(LANES) {
                    for lane in 0..LANES {
                        x[lane] = exp(x[lane] - highest);
                        total[lane] += x[lane];
                    }
                }
                *inverse = 1.0 / sum(total);
            }
            let (first_two, last_two) = scores.split_at(2 * padded);
            let (p0, p1) = first_two.split_at(padded);
            let (p2, p3) = last_two.split_at(padded);
            for (tile, values) in values.chunks_exact(padded * HEAD).enumerate() {
                let mut acc = [[[0.0f32; LANES]; 2]; ROWS];
                let values = values.chunks_exact(HEAD).take(pieces);
                for ((((values, p0), p1), p2), p3) in values.zip(p0).zip(p1).zip(p2).zip(p3) {
                    multiply_add(&mut acc, [*p0, *p1, *p2, *p3], values);
                }
                for row in 0..rows {
                    let out = &mut out[(first + row) * hidden + column + tile * HEAD..][..HEAD];
                    for (out, acc) in out.iter_mut().zip(acc[row].as_flattened()) {
                        *out = acc * inverse[row];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Isa;
    use super::*;

    #[test]
    fn exp_is_close_to_the_library() {
        for i in -8700..=0 {
            let x = i as f32 / 100.0;
            let (got, want) = (exp(x), x.exp());
            assert!(
                (got - want).abs() <= 3e-7 * want,
                "exp({x}) = {got}, not {want}"
            );
        }
        assert!(exp(f32::MIN) < 1e-37);
    }

    #[test]
    fn erf_is_close_to_reference_values() {
        // Abramowitz and Stegun, Handbook of Mathematical Functions, table 7.1.
        for (x, want) in [
            (0.0, 0.0),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (1.5, 0.966_105_1),
            (2.0, 0.995_322_3),
        ] {
            assert!((erf(x) - want).abs() < 4e-7, "erf({x}) = {}", erf(x));
            assert!((erf(-x) + want).abs() < 4e-7);
        }
        assert!((erf(30.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn quantised_rows_lead_back_within_half_a_step() {
        let x: Vec<f32> = (0..64)
            .map(|i| (i as f32 * 0.37).sin() * if i < 32 { 1.0 } else { 50.0 })
            .collect();
        let (mut bytes, mut scales) = (vec![0; 64], vec![RowScale::default(); 2]);
        quantize_rows(Isa::Portable, &x, 32, &mut bytes, &mut scales);
        for (i, (&x, &byte)) in x.iter().zip(&bytes).enumerate() {
            let RowScale { scale, zero } = scales[i / 32];
            let back = scale * (i32::from(byte) - zero) as f32;
            assert!((x - back).abs() <= scale * 0.51, "{x} came back as {back}");
        }
    }

    #[test]
    fn attention_equals_the_definition() {
        let (hidden, width, column) = (64, 32, 32);
        for pieces in [1, 3, 5, 37] {
            let qkv: Vec<f32> = (0..pieces * 3 * hidden)
                .map(|i| (i as f32 * 0.731).sin())
                .collect();
            let mut out = vec![0.0; pieces * hidden];
            attention(
                Isa::detect(),
                &qkv,
                hidden,
                column,
                width,
                &mut out,
                &mut Vec::new(),
            );
            let at = |piece: usize, part: usize, d: usize| {
                f64::from(qkv[piece * 3 * hidden + part * hidden + column + d])
            };
            for piece in 0..pieces {
                let scores: Vec<f64> = (0..pieces)
                    .map(|key| {
                        ((0..width)
                            .map(|d| at(piece, 0, d) * at(key, 1, d))
                            .sum::<f64>()
                            / 32f64.sqrt())
                        .exp()
                    })
                    .collect();
                let total: f64 = scores.iter().sum();
                for d in 0..width {
                    let want: f64 = (0..pieces)
                        .map(|key| scores[key] / total * at(key, 2, d))
                        .sum();
                    let got = f64::from(out[piece * hidden + column + d]);
                    assert!(
                        (got - want).abs() < 1e-5,
                        "{pieces} pieces, piece {piece}, {d}: {got}, not {want}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let x: Vec<f32> = (0..37 * 192)
            .map(|i| (i as f32 * 0.731).sin() * 3.0)
            .collect();
        let run = |isa| {
            let mut out = vec![0.0; 37 * 64];
            attention(isa, &x, 64, 32, 32, &mut out, &mut Vec::new());
            let residual = out.clone();
            add_layer_norm(isa, &mut out, &residual, &[1.5; 64], &[0.25; 64], 1e-12);
            gelu(isa, &mut out);
            let (mut bytes, mut scales) = (vec![0; out.len()], vec![RowScale::default(); 37]);
            quantize_rows(isa, &out, 64, &mut bytes, &mut scales);
            (
                out.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
                bytes,
                scales,
            )
        };
        for isa in Isa::available() {
            assert_eq!(run(isa), run(Isa::Portable), "{isa:?}");
        }
    }
}
