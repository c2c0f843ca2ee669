//! BERT encoders with a token classification head, in Rust, on any CPU.
//!
//! The network of Devlin et al., *BERT* (2019), as Hugging Face stores it: absolute positions, post-layer
//! normalisation, exact GELU. Weights are 8-bit integers per output channel with activations quantised
//! per piece (the shipped form), or 32-bit floats (the reference). Windows of a call are laid end to end
//! without padding: all dense layers run over all pieces at once, attention runs within each window.
//! A piece's numbers therefore never depend on the other windows of the call.

mod linear;
mod math;
mod simd;

use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use super::{ClassifyError, LoadError, TokenClassifier, find_tensor, floats};
use linear::{Linear, Quantized};
use simd::Isa;

pub(crate) use math::exp;

/// The fields of a Hugging Face `config.json` that a BERT token classifier needs.
#[derive(Debug, Clone, Deserialize)]
pub struct BertConfig {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    hidden_act: String,
    layer_norm_eps: f32,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

/// A BERT token classifier, ready to run.
pub struct Bert {
    isa: Isa,
    config: BertConfig,
    words: Words,
    /// `[positions, hidden]`, with the embedding of token type 0 added to each row.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// `[tags, hidden]`.
    head: Array2<f32>,
    head_bias: Vec<f32>,
}

/// The word embeddings, `[vocabulary, hidden]`.
enum Words {
    Int8 { rows: Vec<i8>, scales: Vec<f32> },
    F32(Vec<f32>),
}

struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

struct Layer {
    /// Queries, keys and values in one product.
    qkv: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

impl Bert {
    /// Builds the network from the bytes of `config.json` and `model.safetensors`.
    ///
    /// Linear weights and word embeddings may be `F32`, `F16`, `BF16`, or `I8` with a companion tensor
    /// `<name>_scale` of one `F32` per row; everything else is a float.
    ///
    /// # Errors
    /// When the configuration is not a BERT this code computes exactly, or a tensor is missing or misshapen.
    pub fn load(config: &[u8], weights: &[u8]) -> Result<Bert, LoadError> {
        let config: BertConfig =
            serde_json::from_slice(config).map_err(|error| LoadError::Config(error.to_string()))?;
        config.check()?;
        let tensors = Tensors(SafeTensors::deserialize(weights)?);
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let words = match tensors.rows(
            "bert.embeddings.word_embeddings.weight",
            config.vocab_size,
            hidden,
        )? {
            Rows::Int8(rows, scales) => Words::Int8 { rows, scales },
            Rows::F32(rows) => Words::F32(rows),
        };
        let mut positions = tensors.floats(
            "bert.embeddings.position_embeddings.weight",
            &[config.max_position_embeddings, hidden],
        )?;
        let kinds = tensors.any_rows("bert.embeddings.token_type_embeddings.weight", hidden)?;
        for row in positions.chunks_exact_mut(hidden) {
            row.iter_mut().zip(&kinds).for_each(|(x, kind)| *x += kind);
        }
        let layers = (0..config.num_hidden_layers)
            .map(|layer| {
                let at = |name: &str| format!("bert.encoder.layer.{layer}.{name}");
                let projections =
                    ["query", "key", "value"].map(|name| at(&format!("attention.self.{name}")));
                Ok(Layer {
                    qkv: tensors.linear(&projections, hidden, hidden)?,
                    attention_output: tensors.linear(
                        &[at("attention.output.dense")],
                        hidden,
                        hidden,
                    )?,
                    attention_norm: tensors.norm(&at("attention.output.LayerNorm"), hidden)?,
                    intermediate: tensors.linear(&[at("intermediate.dense")], inner, hidden)?,
                    output: tensors.linear(&[at("output.dense")], hidden, inner)?,
                    output_norm: tensors.norm(&at("output.LayerNorm"), hidden)?,
                })
            })
            .collect::<Result<_, LoadError>>()?;
        let head = tensors.any_rows("classifier.weight", hidden)?;
        let tags = head.len() / hidden;
        Ok(Bert {
            isa: Isa::detect(),
            words,
            positions,
            norm: tensors.norm("bert.embeddings.LayerNorm", hidden)?,
            layers,
            head: Array2::from_shape_vec((tags, hidden), head).expect("whole rows were read"),
            head_bias: tensors.floats("classifier.bias", &[tags])?,
            config,
        })
    }

    /// Embeds the pieces of all windows, laid end to end: `[pieces, hidden]`.
    fn embed(&self, windows: &[&[u32]]) -> Result<Vec<f32>, ClassifyError> {
        let hidden = self.config.hidden_size;
        let mut x =
            Vec::with_capacity(windows.iter().map(|window| window.len()).sum::<usize>() * hidden);
        for window in windows {
            if window.is_empty() || window.len() > self.max_pieces() {
                return Err(ClassifyError::WindowLength {
                    pieces: window.len(),
                    max: self.max_pieces(),
                });
            }
            for (&id, position) in window.iter().zip(self.positions.chunks_exact(hidden)) {
                let row = id as usize;
                if row >= self.config.vocab_size {
                    return Err(ClassifyError::UnknownPiece {
                        id,
                        vocabulary: self.config.vocab_size,
                    });
                }
                let columns = row * hidden..(row + 1) * hidden;
                match &self.words {
                    Words::Int8 { rows, scales } => {
                        let scale = scales[row];
                        x.extend(
                            rows[columns]
                                .iter()
                                .zip(position)
                                .map(|(&w, p)| f32::from(w) * scale + p),
                        );
                    }
                    Words::F32(rows) => {
                        x.extend(rows[columns].iter().zip(position).map(|(w, p)| w + p))
                    }
                }
            }
        }
        let zeros = vec![0.0; x.len()];
        self.norm
            .add_and_normalize(self.isa, &mut x, &zeros, self.config.layer_norm_eps);
        Ok(x)
    }

    /// Runs one layer over `x`, `[pieces, hidden]`, in place.
    fn run_layer(
        &self,
        layer: &Layer,
        windows: &[&[u32]],
        x: &mut Vec<f32>,
        buffers: &mut Buffers,
    ) {
        let (isa, hidden, epsilon) = (
            self.isa,
            self.config.hidden_size,
            self.config.layer_norm_eps,
        );
        let Buffers {
            quantized,
            wide,
            narrow,
            attention,
        } = buffers;
        layer.qkv.forward(isa, x, hidden, quantized, wide);
        let width = hidden / self.config.num_attention_heads;
        narrow.resize(x.len(), 0.0);
        let mut start = 0;
        for window in windows {
            let rows = start..start + window.len();
            let qkv = &wide[rows.start * 3 * hidden..rows.end * 3 * hidden];
            let out = &mut narrow[rows.start * hidden..rows.end * hidden];
            for column in (0..hidden).step_by(width) {
                math::attention(isa, qkv, hidden, column, width, out, attention);
            }
            start = rows.end;
        }
        layer
            .attention_output
            .forward(isa, narrow, hidden, quantized, wide);
        layer
            .attention_norm
            .add_and_normalize(isa, wide, x, epsilon);
        std::mem::swap(x, wide);
        layer.intermediate.forward(isa, x, hidden, quantized, wide);
        math::gelu(isa, wide);
        layer
            .output
            .forward(isa, wide, self.config.intermediate_size, quantized, narrow);
        layer.output_norm.add_and_normalize(isa, narrow, x, epsilon);
        std::mem::swap(x, narrow);
    }
}

/// Working memory of one call.
#[derive(Default)]
struct Buffers {
    quantized: Quantized,
    wide: Vec<f32>,
    narrow: Vec<f32>,
    attention: Vec<f32>,
}

impl TokenClassifier for Bert {
    fn classify(&self, windows: &[&[u32]]) -> Result<Vec<Array2<f32>>, ClassifyError> {
        let mut x = self.embed(windows)?;
        let mut buffers = Buffers::default();
        for layer in &self.layers {
            self.run_layer(layer, windows, &mut x, &mut buffers);
        }
        let hidden = self.config.hidden_size;
        let mut rows = x.chunks_exact(hidden);
        windows
            .iter()
            .map(|window| {
                let mut logits = Array2::zeros((window.len(), self.head.nrows()));
                for (mut logits, x) in logits.rows_mut().into_iter().zip(&mut rows) {
                    for ((logit, weights), bias) in
                        logits.iter_mut().zip(self.head.rows()).zip(&self.head_bias)
                    {
                        *logit = weights.iter().zip(x).map(|(w, x)| w * x).sum::<f32>() + bias;
                    }
                }
                if logits.iter().all(|logit: &f32| logit.is_finite()) {
                    Ok(logits)
                } else {
                    Err(ClassifyError::NotFinite)
                }
            })
            .collect()
    }

    fn max_pieces(&self) -> usize {
        self.config.max_position_embeddings
    }

    fn vocabulary(&self) -> usize {
        self.config.vocab_size
    }

    fn tag_count(&self) -> usize {
        self.head.nrows()
    }

    fn description(&self) -> String {
        let weights = match self.words {
            Words::Int8 { .. } => "int8",
            Words::F32(_) => "f32",
        };
        format!("nommer bert, {weights} weights, {:?} kernels", self.isa)
    }
}

impl Norm {
    fn add_and_normalize(&self, isa: Isa, x: &mut [f32], residual: &[f32], epsilon: f32) {
        math::add_layer_norm(isa, x, residual, &self.weight, &self.bias, epsilon);
    }
}

impl BertConfig {
    /// Refuses every configuration that this code would compute differently from its author's.
    fn check(&self) -> Result<(), LoadError> {
        let refuse = |problem: String| Err(LoadError::Config(problem));
        if self.model_type != "bert" {
            return refuse(format!(
                "model_type is {:?}; this engine runs \"bert\"",
                self.model_type
            ));
        }
        if self.hidden_act != "gelu" {
            return refuse(format!(
                "hidden_act is {:?}; this engine computes \"gelu\"",
                self.hidden_act
            ));
        }
        if let Some(kind) = self
            .position_embedding_type
            .as_deref()
            .filter(|kind| *kind != "absolute")
        {
            return refuse(format!(
                "position_embedding_type is {kind:?}; this engine computes \"absolute\""
            ));
        }
        let heads = self.num_attention_heads;
        if heads == 0
            || self.hidden_size == 0
            || !self.hidden_size.is_multiple_of(heads * math::HEAD)
        {
            return refuse(format!(
                "hidden_size {} is not a multiple of {} for each of {heads} heads",
                self.hidden_size,
                math::HEAD
            ));
        }
        if self.intermediate_size == 0 || !self.intermediate_size.is_multiple_of(math::LANES) {
            return refuse(format!(
                "intermediate_size {} is not a multiple of {}",
                self.intermediate_size,
                math::LANES
            ));
        }
        if self.vocab_size == 0 || self.max_position_embeddings < 3 {
            return refuse("vocab_size or max_position_embeddings is too small".to_owned());
        }
        Ok(())
    }
}

/// Checked access to the tensors of a file.
struct Tensors<'a>(SafeTensors<'a>);

enum Rows {
    Int8(Vec<i8>, Vec<f32>),
    F32(Vec<f32>),
}

impl Tensors<'_> {
    fn get(&self, name: &str) -> Result<TensorView<'_>, LoadError> {
        find_tensor(&self.0, name).map(|(_, tensor)| tensor)
    }

    /// A float tensor of exactly this shape.
    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, LoadError> {
        let tensor = self.get(name)?;
        if tensor.shape() != shape {
            return Err(LoadError::tensor(
                name,
                format!("has shape {:?}, not {shape:?}", tensor.shape()),
            ));
        }
        floats(name, &tensor)
    }

    /// A float matrix of `width` columns and any number of rows but none.
    fn any_rows(&self, name: &str, width: usize) -> Result<Vec<f32>, LoadError> {
        match *self.get(name)?.shape() {
            [rows, columns] if rows > 0 && columns == width => self.floats(name, &[rows, columns]),
            ref shape => Err(LoadError::tensor(
                name,
                format!("has shape {shape:?}, not [_, {width}]"),
            )),
        }
    }

    /// A matrix that may be quantised row by row.
    fn rows(&self, name: &str, rows: usize, columns: usize) -> Result<Rows, LoadError> {
        let tensor = self.get(name)?;
        if tensor.dtype() != Dtype::I8 {
            return Ok(Rows::F32(self.floats(name, &[rows, columns])?));
        }
        if tensor.shape() != [rows, columns] {
            return Err(LoadError::tensor(
                name,
                format!("has shape {:?}, not [{rows}, {columns}]", tensor.shape()),
            ));
        }
        let scales = self.floats(&format!("{name}_scale"), &[rows])?;
        Ok(Rows::Int8(
            tensor
                .data()
                .iter()
                .map(|&byte| byte.cast_signed())
                .collect(),
            scales,
        ))
    }

    /// One linear layer, or several that read the same input, stacked.
    fn linear(&self, names: &[String], outputs: usize, inputs: usize) -> Result<Linear, LoadError> {
        let (mut int8, mut scales, mut f32s, mut bias) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for name in names {
            bias.extend(self.floats(&format!("{name}.bias"), &[outputs])?);
            match self.rows(&format!("{name}.weight"), outputs, inputs)? {
                Rows::Int8(weights, row_scales) => {
                    int8.extend(weights);
                    scales.extend(row_scales);
                }
                Rows::F32(weights) => f32s.extend(weights),
            }
        }
        if f32s.is_empty() {
            Ok(Linear::int8(&int8, scales, bias))
        } else if int8.is_empty() {
            let weights =
                Array2::from_shape_vec((bias.len(), inputs), f32s).expect("shapes were checked");
            Ok(Linear::F32 { weights, bias })
        } else {
            Err(LoadError::tensor(
                &names[0],
                "is quantised while its neighbours are not",
            ))
        }
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm, LoadError> {
        Ok(Norm {
            weight: self.floats(&format!("{name}.weight"), &[width])?,
            bias: self.floats(&format!("{name}.bias"), &[width])?,
        })
    }
}
