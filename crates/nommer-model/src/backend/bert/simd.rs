//! Instruction sets, chosen once at run time, and the integer matrix product.
//!
//! Every path gives the same bits. Integer sums are exact, so their order is free; floating-point kernels
//! (`math.rs`) are one portable source compiled once per instruction set, with fixed lanes, explicit fused
//! multiply-adds and no reassociation.
// Intrinsics and calls into functions compiled for a detected instruction set need `unsafe`; each block
// states what it relies on. Nothing outside this module and the macro it exports is unsafe.
#![allow(unsafe_code)]

/// Instruction sets the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isa {
    /// AVX-512 with byte dot products (VNNI).
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// AVX2 with FMA and 256-bit byte dot products (AVX-VNNI).
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the target's baseline offers.
    Portable,
}

impl Isa {
    /// The best instruction set of this machine.
    pub(crate) fn detect() -> Isa {
        Self::available()[0]
    }

    /// All instruction sets of this machine, best first.
    pub(crate) fn available() -> Vec<Isa> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni")
            {
                found.push(Isa::Avx512Vnni);
            }
            if avx2 && is_x86_feature_detected!("avxvnni") {
                found.push(Isa::AvxVnni);
            }
            if avx2 {
                found.push(Isa::Avx2);
            }
        }
        found.push(Isa::Portable);
        found
    }
}

/// Declares functions that are compiled once per instruction set and dispatched by an [`Isa`] argument.
///
/// Several sets share one compiled form: floating-point kernels gain nothing from VNNI.
macro_rules! multiversion {
    ($($(#[$doc:meta])* pub(crate) fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(isa: $crate::backend::bert::simd::Isa, $($arg: $type),*) {
            #[inline(always)]
            fn portable($($arg: $type),*) $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512($($arg: $type),*) { portable($($arg),*) }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),*) { portable($($arg),*) }
            use $crate::backend::bert::simd::Isa;
            match isa {
                // SAFETY: `Isa::available` lists a set only after detecting it on this machine.
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code)]
                Isa::Avx512Vnni => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code)]
                Isa::AvxVnni | Isa::Avx2 => unsafe { avx2($($arg),*) },
                Isa::Portable => portable($($arg),*),
            }
        }
    )*};
}
pub(crate) use multiversion;

/// Output columns in one packed block of weights.
pub(crate) const BLOCK: usize = 64;

/// Signed 8-bit weights `[outputs, inputs]`, packed for four-way byte dot products.
///
/// Layout: `[outputs / 64][inputs / 4][64 outputs][4 inputs]`, both padded with zeros.
pub(crate) struct PackedWeights {
    bytes: Vec<i8>,
    outputs: usize,
    groups: usize,
}

impl PackedWeights {
    /// Packs row-major weights `[outputs, inputs]`.
    pub(crate) fn new(weights: &[i8], outputs: usize, inputs: usize) -> Self {
        assert_eq!(weights.len(), outputs * inputs);
        let groups = inputs.div_ceil(4);
        let mut bytes = vec![0i8; outputs.div_ceil(BLOCK) * groups * BLOCK * 4];
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let block = output / BLOCK * groups * BLOCK * 4;
            for (input, &weight) in row.iter().enumerate() {
                bytes[block + (input / 4 * BLOCK + output % BLOCK) * 4 + input % 4] = weight;
            }
        }
        PackedWeights {
            bytes,
            outputs,
            groups,
        }
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Bytes of one packed row of activations: the number of inputs, rounded up to four.
    pub(crate) fn row_bytes(&self) -> usize {
        self.groups * 4
    }

    /// `sums[row, output] = Σ_input rows[row, input] · weights[output, input]`, exact in 32 bits for up to
    /// 2¹⁶ inputs. `visit(row, output, sums)` receives a tile at a time: up to [`TILE`] rows from `row` on, each with
    /// up to [`BLOCK`] outputs from `output` on; sums past the last output are zero.
    ///
    /// `rows` holds whole rows of [`row_bytes`](Self::row_bytes) unsigned bytes.
    pub(crate) fn multiply(
        &self,
        isa: Isa,
        rows: &[u8],
        mut visit: impl FnMut(usize, usize, &[[i32; BLOCK]]),
    ) {
        let stride = self.row_bytes();
        assert_eq!(rows.len() % stride, 0);
        let count = rows.len() / stride;
        let mut sums = [[0i32; BLOCK]; TILE];
        for (index, block) in self.bytes.chunks_exact(stride * BLOCK).enumerate() {
            let mut row = 0;
            while row < count {
                let height = TILE.min(count - row);
                tile(
                    isa,
                    &rows[row * stride..(row + height) * stride],
                    block,
                    self.groups,
                    &mut sums,
                );
                visit(row, index * BLOCK, &sums[..height]);
                row += height;
            }
        }
    }
}

/// Rows of one register tile: 6 rows × 4 vectors of 16 sums fill 24 of the 32 AVX-512 registers.
const TILE: usize = 6;

/// One register tile: `rows` holds 1 to [`TILE`] rows of `4 * groups` bytes, `block` one packed block.
fn tile(isa: Isa, rows: &[u8], block: &[i8], groups: usize, sums: &mut [[i32; BLOCK]; TILE]) {
    assert!(groups > 0 && block.len() == groups * BLOCK * 4);
    let height = rows.len() / (groups * 4);
    assert!(rows.len() == height * groups * 4 && (1..=TILE).contains(&height));
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Vnni => {
            // SAFETY: the set was detected; the assertions above bound every access of the tile.
            unsafe {
                match height {
                    1 => x86::tile_avx512_vnni::<1>(rows, block, groups, sums),
                    2 => x86::tile_avx512_vnni::<2>(rows, block, groups, sums),
                    3 => x86::tile_avx512_vnni::<3>(rows, block, groups, sums),
                    4 => x86::tile_avx512_vnni::<4>(rows, block, groups, sums),
                    5 => x86::tile_avx512_vnni::<5>(rows, block, groups, sums),
                    _ => x86::tile_avx512_vnni::<6>(rows, block, groups, sums),
                }
            }
        }
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni => {
            for (row, sums) in rows.chunks_exact(groups * 4).zip(sums) {
                // SAFETY: as above; a row is `4 * groups` bytes.
                unsafe { x86::row_avx_vnni(row, block, groups, sums) }
            }
        }
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => {
            for (row, sums) in rows.chunks_exact(groups * 4).zip(sums) {
                // SAFETY: as above; a row is `4 * groups` bytes.
                unsafe { x86::row_avx2(row, block, groups, sums) }
            }
        }
        Isa::Portable => {
            for (row, sums) in rows.chunks_exact(groups * 4).zip(sums) {
                row_portable(row, block, sums);
            }
        }
    }
}

fn row_portable(row: &[u8], block: &[i8], sums: &mut [i32; BLOCK]) {
    *sums = [0; BLOCK];
    for (inputs, weights) in row.chunks_exact(4).zip(block.chunks_exact(BLOCK * 4)) {
        for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(4)) {
            for (&input, &weight) in inputs.iter().zip(weights) {
                *sum += i32::from(input) * i32::from(weight);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{BLOCK, TILE};
    use std::arch::x86_64::*;

    /// # Safety
    /// The machine has AVX-512 F and VNNI; `rows` holds `ROWS` rows of `4 * groups` bytes and `block`
    /// `256 * groups` bytes.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) unsafe fn tile_avx512_vnni<const ROWS: usize>(
        rows: &[u8],
        block: &[i8],
        groups: usize,
        sums: &mut [[i32; BLOCK]; TILE],
    ) {
        let stride = groups * 4;
        let mut acc = [[_mm512_setzero_si512(); 4]; ROWS];
        let (rows, block) = (rows.as_ptr(), block.as_ptr());
        for group in 0..groups {
            // SAFETY: `group < groups`, so 256 bytes of the block and 4 bytes of each row are in bounds;
            // the loads are unaligned ones.
            unsafe {
                let at = block.add(group * BLOCK * 4);
                let weights = [
                    _mm512_loadu_si512(at.cast()),
                    _mm512_loadu_si512(at.add(64).cast()),
                    _mm512_loadu_si512(at.add(128).cast()),
                    _mm512_loadu_si512(at.add(192).cast()),
                ];
                for (row, acc) in acc.iter_mut().enumerate() {
                    let inputs = rows
                        .add(row * stride + group * 4)
                        .cast::<i32>()
                        .read_unaligned();
                    let inputs = _mm512_set1_epi32(inputs);
                    for (acc, &weights) in acc.iter_mut().zip(&weights) {
                        *acc = _mm512_dpbusd_epi32(*acc, inputs, weights);
                    }
                }
            }
        }
        for (acc, sums) in acc.iter().zip(sums) {
            for (acc, sums) in acc.iter().zip(sums.chunks_exact_mut(16)) {
                // SAFETY: the chunk holds 16 sums of 4 bytes.
                unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), *acc) }
            }
        }
    }

    /// # Safety
    /// The machine has AVX2 and AVX-VNNI; `row` holds `4 * groups` bytes and `block` `256 * groups`.
    #[target_feature(enable = "avx2,avxvnni")]
    pub(super) unsafe fn row_avx_vnni(
        row: &[u8],
        block: &[i8],
        groups: usize,
        sums: &mut [i32; BLOCK],
    ) {
        let mut acc = [_mm256_setzero_si256(); 8];
        for group in 0..groups {
            // SAFETY: `group < groups`, so 256 bytes of the block and 4 bytes of the row are in bounds.
            unsafe {
                let at = block.as_ptr().add(group * BLOCK * 4);
                let inputs = row.as_ptr().add(group * 4).cast::<i32>().read_unaligned();
                let inputs = _mm256_set1_epi32(inputs);
                for (index, acc) in acc.iter_mut().enumerate() {
                    let weights = _mm256_loadu_si256(at.add(index * 32).cast());
                    *acc = _mm256_dpbusd_avx_epi32(*acc, inputs, weights);
                }
            }
        }
        for (acc, sums) in acc.iter().zip(sums.chunks_exact_mut(8)) {
            // SAFETY: the chunk holds 8 sums of 4 bytes.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), *acc) }
        }
    }

    /// Bytes are widened to 16 bits first: `maddubs` would be faster, but it saturates.
    ///
    /// # Safety
    /// The machine has AVX2; `row` holds `4 * groups` bytes and `block` `256 * groups`.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn row_avx2(
        row: &[u8],
        block: &[i8],
        groups: usize,
        sums: &mut [i32; BLOCK],
    ) {
        // Two halves of 32 outputs keep the accumulators (8) in registers.
        for half in 0..2 {
            let mut acc = [_mm256_setzero_si256(); 8];
            for group in 0..groups {
                // SAFETY: `group < groups`, so this half's 128 bytes of the block and 4 bytes of the row are
                // in bounds.
                unsafe {
                    let at = block.as_ptr().add(group * BLOCK * 4 + half * 128);
                    let inputs = row.as_ptr().add(group * 4).cast::<i32>().read_unaligned();
                    let inputs = _mm256_cvtepu8_epi16(_mm_set1_epi32(inputs));
                    for (index, acc) in acc.iter_mut().enumerate() {
                        let weights =
                            _mm256_cvtepi8_epi16(_mm_loadu_si128(at.add(index * 16).cast()));
                        *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(inputs, weights));
                    }
                }
            }
            // Each accumulator holds two partial sums for each of four outputs.
            for (acc, sums) in acc.iter().zip(sums[half * 32..].chunks_exact_mut(4)) {
                let low = _mm256_castsi256_si128(*acc);
                let high = _mm256_extracti128_si256::<1>(*acc);
                // SAFETY: the chunk holds 4 sums of 4 bytes.
                unsafe { _mm_storeu_si128(sums.as_mut_ptr().cast(), _mm_hadd_epi32(low, high)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deterministic bytes for tests: a linear congruential generator (Knuth's MMIX constants).
    fn bytes(count: usize, mut state: u64) -> Vec<u8> {
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect()
    }

    #[test]
    fn every_instruction_set_gives_the_exact_product() {
        for (rows, inputs, outputs) in [
            (1, 4, 1),
            (5, 12, 64),
            (6, 32, 65),
            (13, 384, 130),
            (7, 10, 7),
        ] {
            let weights: Vec<i8> = bytes(outputs * inputs, 1)
                .iter()
                .map(|&b| b as i8)
                .collect();
            let packed = PackedWeights::new(&weights, outputs, inputs);
            // Padding of a row may hold anything: it meets zero weights.
            let input = bytes(rows * packed.row_bytes(), 2);
            let mut expected = vec![0i32; rows * outputs];
            for row in 0..rows {
                for output in 0..outputs {
                    expected[row * outputs + output] = (0..inputs)
                        .map(|i| {
                            i32::from(input[row * packed.row_bytes() + i])
                                * i32::from(weights[output * inputs + i])
                        })
                        .sum();
                }
            }
            for isa in Isa::available() {
                let mut got = vec![0i32; rows * outputs];
                packed.multiply(isa, &input, |row, first, sums| {
                    let width = BLOCK.min(outputs - first);
                    for (row, sums) in (row..).zip(sums) {
                        got[row * outputs + first..][..width].copy_from_slice(&sums[..width]);
                    }
                });
                assert_eq!(got, expected, "{isa:?} {rows}×{inputs}×{outputs}");
            }
        }
    }

    #[test]
    fn extreme_values_do_not_saturate() {
        let packed = PackedWeights::new(&[-128i8; 384], 1, 384);
        for isa in Isa::available() {
            let mut got = 0;
            packed.multiply(isa, &[255; 384], |_, _, sums| got = sums[0][0]);
            assert_eq!(got, 384 * 255 * -128, "{isa:?}");
        }
    }
}
