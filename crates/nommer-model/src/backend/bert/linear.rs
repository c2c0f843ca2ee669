//! Fully connected layers, in 8-bit integers or 32-bit floats.

use ndarray::{Array2, ArrayView2};

use super::math::{self, Columns, RowScale};
use super::simd::{BLOCK, Isa, PackedWeights};

/// `y = x · weightᵀ + bias` for rows `x`.
pub(super) enum Linear {
    /// Weights of one signed byte with one scale per output; activations are quantised row by row.
    Int8 {
        weights: PackedWeights,
        scales: Vec<f32>,
        corrections: Vec<i32>,
        bias: Vec<f32>,
    },
    /// The reference: no quantisation anywhere. `weights` is `[outputs, inputs]`.
    F32 {
        weights: Array2<f32>,
        bias: Vec<f32>,
    },
}

/// Buffers that [`Linear::forward`] reuses.
#[derive(Default)]
pub(super) struct Quantized {
    bytes: Vec<u8>,
    scales: Vec<RowScale>,
}

impl Linear {
    /// An integer layer from row-major weights `[outputs, inputs]` and one scale per output.
    pub(super) fn int8(weights: &[i8], scales: Vec<f32>, bias: Vec<f32>) -> Linear {
        let (outputs, inputs) = (bias.len(), weights.len() / bias.len());
        let corrections = weights
            .chunks_exact(inputs)
            .map(|row| row.iter().map(|&w| i32::from(w)).sum())
            .collect();
        Linear::Int8 {
            weights: PackedWeights::new(weights, outputs, inputs),
            scales,
            corrections,
            bias,
        }
    }

    /// Computes all rows of `x` into `out`, which is resized to `[rows, outputs]`.
    pub(super) fn forward(
        &self,
        isa: Isa,
        x: &[f32],
        inputs: usize,
        scratch: &mut Quantized,
        out: &mut Vec<f32>,
    ) {
        let rows = x.len() / inputs;
        match self {
            Linear::Int8 {
                weights,
                scales,
                corrections,
                bias,
            } => {
                debug_assert_eq!(weights.row_bytes(), inputs);
                let outputs = weights.outputs();
                out.resize(rows * outputs, 0.0);
                scratch.bytes.resize(rows * inputs, 0);
                scratch.scales.resize(rows, RowScale::default());
                math::quantize_rows(isa, x, inputs, &mut scratch.bytes, &mut scratch.scales);
                weights.multiply(isa, &scratch.bytes, |row, first, sums| {
                    let range = first..outputs.min(first + BLOCK);
                    let columns = Columns {
                        scales: &scales[range.clone()],
                        corrections: &corrections[range.clone()],
                        bias: &bias[range],
                    };
                    math::dequantize(
                        isa,
                        sums,
                        &scratch.scales[row..],
                        &columns,
                        &mut out[row * outputs + first..],
                        outputs,
                    );
                });
            }
            Linear::F32 { weights, bias } => {
                let x = ArrayView2::from_shape((rows, inputs), x).expect("x holds whole rows");
                let mut y = x.dot(&weights.t());
                y += &ndarray::aview1(bias);
                out.clear();
                out.extend(y.iter());
            }
        }
    }
}
