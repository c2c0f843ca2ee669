//! The architectures, each checked before rust-bert sees it.

use rust_bert::Activation;
use rust_bert::bert::{BertConfig, BertForTokenClassification};
use rust_bert::distilbert::{DistilBertConfig, DistilBertForTokenClassification};
use rust_bert::electra::{ElectraConfig, ElectraForTokenClassification};
use rust_bert::roberta::RobertaForTokenClassification;
use safetensors::SafeTensors;
use serde_json::{Map, Value};
use tch::{Kind, Tensor, nn};

use super::deberta::{DebertaV2, DebertaV2Config};
use crate::backend::{LoadError, find_tensor};

/// The layer norm epsilon that rust-bert has where it does not ask the configuration.
///
/// CamemBERT and XLM-R were trained with 1e-5. In PyTorch the difference moves the scores of the shipped network, which
/// is of their family, by at most 0.006 and by 0.0002 in the mean, and changes the best tag of none of 16,941 pieces of
/// winer-dev.
const FIXED_EPSILON: f64 = 1e-12;

/// The largest epsilon for which [`FIXED_EPSILON`] may stand: ten times what was measured.
const LARGEST_EPSILON: f64 = 1e-4;

/// A network that was checked: what to build, and how large it is.
#[derive(Debug, Clone)]
pub(super) struct Architecture {
    config: Config,
    model_type: String,
    padding: i64,
    /// The longest window, special tokens included.
    pub(super) max_pieces: usize,
    pub(super) vocabulary: usize,
    pub(super) tags: usize,
}

#[derive(Debug, Clone)]
enum Config {
    Bert(BertConfig),
    Roberta(BertConfig),
    DistilBert(DistilBertConfig),
    Electra(ElectraConfig),
    DebertaV2(DebertaV2Config),
}

/// A network in memory.
pub(super) enum Network {
    Bert(BertForTokenClassification),
    Roberta(RobertaForTokenClassification),
    DistilBert(DistilBertForTokenClassification),
    Electra(ElectraForTokenClassification),
    DebertaV2(Box<DebertaV2>),
}

impl Architecture {
    /// Reads `config.json`, and compares what decides about memory with the tensors that are there.
    pub(super) fn read(config: &[u8], file: &SafeTensors<'_>) -> Result<Architecture, LoadError> {
        let fields = Fields::read(config)?;
        let model_type = fields.text("model_type")?;
        fields.must_not_be_set("is_decoder")?;
        fields.must_not_be_set("add_cross_attention")?;
        let prefix = match model_type.as_str() {
            "bert" => "bert",
            "roberta" | "camembert" | "xlm-roberta" => "roberta",
            "distilbert" => "distilbert",
            "electra" => "electra",
            "deberta-v2" => "deberta",
            other => {
                return Err(LoadError::Config(format!(
                    "model_type is {other:?}; this engine runs bert, roberta, camembert, xlm-roberta, distilbert, \
                     electra and deberta-v2"
                )));
            }
        };
        let [head, tags] = {
            let (_, head) = find_tensor(file, "classifier.weight")?;
            match *head.shape() {
                [tags, width] if tags > 0 && width > 0 => [width, tags],
                ref shape => {
                    let problem = format!("has shape {shape:?}, not [labels, hidden]");
                    return Err(LoadError::tensor("classifier.weight", problem));
                }
            }
        };
        let distil = prefix == "distilbert";
        let hidden = fields.size(if distil { "dim" } else { "hidden_size" })?;
        let heads = fields.size(if distil {
            "n_heads"
        } else {
            "num_attention_heads"
        })?;
        let layers = fields.size(if distil {
            "n_layers"
        } else {
            "num_hidden_layers"
        })?;
        let inner = fields.size(if distil {
            "hidden_dim"
        } else {
            "intermediate_size"
        })?;
        let vocabulary = fields.size("vocab_size")?;
        let positions = fields.size("max_position_embeddings")?;
        let padding = fields.size_or("pad_token_id", if prefix == "roberta" { 1 } else { 0 })?;
        let activation =
            fields.activation(if distil { "activation" } else { "hidden_act" }, "gelu")?;
        if head as i64 != hidden {
            let problem = format!("has {head} columns, not the {hidden} of hidden_size");
            return Err(LoadError::tensor("classifier.weight", problem));
        }
        if hidden % heads != 0 {
            return Err(LoadError::Config(format!(
                "hidden_size {hidden} is not a multiple of its {heads} attention heads"
            )));
        }
        if padding >= vocabulary {
            return Err(LoadError::Config(format!(
                "pad_token_id {padding} is outside the vocabulary of {vocabulary}"
            )));
        }
        let embedding = match prefix {
            "electra" | "deberta" => fields.size_or("embedding_size", hidden)?,
            _ => hidden,
        };
        // Whatever decides how much memory is taken is as large as the tensors that are there.
        let expect = |name: &str, shape: &[i64]| {
            expect_shape(file, &format!("{prefix}.{name}.weight"), shape)
        };
        expect("embeddings.word_embeddings", &[vocabulary, embedding])?;
        if embedding != hidden {
            let projection = match prefix {
                "electra" => "embeddings_project",
                _ => "embeddings.embed_proj",
            };
            expect(projection, &[hidden, embedding])?;
        }
        let biased = prefix != "deberta" || fields.flag("position_biased_input", true)?;
        if biased {
            expect("embeddings.position_embeddings", &[positions, embedding])?;
        }
        let types = match prefix {
            "distilbert" => 0,
            "deberta" => fields.size_or("type_vocab_size", 0)?,
            _ => fields.size_or("type_vocab_size", 2)?,
        };
        if types > 0 || !matches!(prefix, "distilbert" | "deberta") {
            expect("embeddings.token_type_embeddings", &[types, embedding])?;
        }
        for layer in 0..layers {
            for (name, shape) in layer_matrices(prefix, hidden, inner) {
                let stack = if distil { "transformer" } else { "encoder" };
                expect(&format!("{stack}.layer.{layer}.{name}"), &shape)?;
            }
        }

        let id2label = Some((0..tags as i64).map(|tag| (tag, tag.to_string())).collect());
        let mut max_pieces = positions;
        let epsilon = |fields: &Fields, default: f64| fields.number_or("layer_norm_eps", default);
        let config = match prefix {
            "bert" | "roberta" => {
                if let Some(kind) = fields
                    .optional_text("position_embedding_type")?
                    .filter(|kind| kind != "absolute")
                {
                    return Err(LoadError::Config(format!(
                        "position_embedding_type is {kind:?}; rust-bert computes \"absolute\""
                    )));
                }
                let config = BertConfig {
                    hidden_act: activation,
                    hidden_size: hidden,
                    intermediate_size: inner,
                    max_position_embeddings: positions,
                    num_attention_heads: heads,
                    num_hidden_layers: layers,
                    type_vocab_size: types,
                    vocab_size: vocabulary,
                    id2label,
                    ..BertConfig::default()
                };
                refuse_large_epsilon(&model_type, epsilon(&fields, FIXED_EPSILON)?)?;
                if prefix == "bert" {
                    Config::Bert(config)
                } else {
                    // Positions are counted from the one after the padding's, which rust-bert takes to be 1.
                    if padding != 1 {
                        return Err(LoadError::Config(format!(
                            "pad_token_id is {padding}; rust-bert computes RoBERTa with 1"
                        )));
                    }
                    max_pieces = positions - 2;
                    Config::Roberta(config)
                }
            }
            "distilbert" => Config::DistilBert(DistilBertConfig {
                activation,
                dim: hidden,
                hidden_dim: inner,
                id2label,
                max_position_embeddings: positions,
                n_heads: heads,
                n_layers: layers,
                // Where they are sinusoids they are in the file all the same.
                sinusoidal_pos_embds: false,
                vocab_size: vocabulary,
                ..DistilBertConfig::default()
            }),
            "electra" => Config::Electra(ElectraConfig {
                hidden_act: activation,
                embedding_size: embedding,
                hidden_size: hidden,
                layer_norm_eps: Some(epsilon(&fields, FIXED_EPSILON)?),
                intermediate_size: inner,
                max_position_embeddings: positions,
                num_attention_heads: heads,
                num_hidden_layers: layers,
                type_vocab_size: types,
                vocab_size: vocabulary,
                pad_token_id: padding,
                id2label,
                ..ElectraConfig::default()
            }),
            _ => {
                let kinds = fields.position_kinds()?;
                let relative = fields.relative_positions(positions, kinds)?;
                if let Some(RelativePositions { span, .. }) = relative {
                    expect("encoder.rel_embeddings", &[2 * span, hidden])?;
                }
                let convolution = fields.convolution(hidden)?;
                if let Some(Convolution { width, groups, .. }) = convolution {
                    expect("encoder.conv.conv", &[hidden, hidden / groups, width])?;
                }
                Config::DebertaV2(DebertaV2Config {
                    hidden,
                    heads,
                    layers,
                    inner,
                    vocabulary,
                    embedding,
                    tags: tags as i64,
                    activation,
                    positions: biased.then_some(positions),
                    types,
                    epsilon: epsilon(&fields, 1e-7)?,
                    terms: 1
                        + i64::from(kinds.content_to_position)
                        + i64::from(kinds.position_to_content),
                    relative,
                    convolution,
                })
            }
        };
        let max_pieces = usize::try_from(max_pieces).unwrap_or(0);
        if max_pieces < 3 {
            return Err(LoadError::Config(format!(
                "max_position_embeddings is {positions}; that is too few for a window"
            )));
        }
        Ok(Architecture {
            config,
            model_type,
            padding,
            max_pieces,
            vocabulary: usize::try_from(vocabulary).unwrap_or(0),
            tags,
        })
    }

    /// The id that fills up short windows of a batch.
    pub(super) fn padding(&self) -> i64 {
        self.padding
    }

    /// The name in `config.json`.
    pub(super) fn name(&self) -> &str {
        &self.model_type
    }
}

/// The matrices of one layer that decide how much memory it takes.
fn layer_matrices(prefix: &str, hidden: i64, inner: i64) -> [(&'static str, [i64; 2]); 6] {
    let names = match prefix {
        "distilbert" => [
            "attention.q_lin",
            "attention.k_lin",
            "attention.v_lin",
            "attention.out_lin",
            "ffn.lin1",
            "ffn.lin2",
        ],
        "deberta" => [
            "attention.self.query_proj",
            "attention.self.key_proj",
            "attention.self.value_proj",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
        ],
        _ => [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
        ],
    };
    let [query, key, value, out, widen, narrow] = names;
    let square = [hidden, hidden];
    [
        (query, square),
        (key, square),
        (value, square),
        (out, square),
        (widen, [inner, hidden]),
        (narrow, [hidden, inner]),
    ]
}

/// Refuses a tensor that is missing or of another shape.
fn expect_shape(file: &SafeTensors<'_>, name: &str, shape: &[i64]) -> Result<(), LoadError> {
    let (stored, tensor) = find_tensor(file, name)?;
    let found: Vec<i64> = tensor.shape().iter().map(|&size| size as i64).collect();
    if found == shape {
        return Ok(());
    }
    let problem = format!("has shape {found:?}, not {shape:?}");
    Err(LoadError::tensor(&stored, problem))
}

/// Refuses a layer norm for which [`FIXED_EPSILON`] may not stand.
fn refuse_large_epsilon(model_type: &str, epsilon: f64) -> Result<(), LoadError> {
    if epsilon <= LARGEST_EPSILON {
        return Ok(());
    }
    let way_out = match model_type {
        "bert" => "--engine nommer computes it as it is, on the CPU, where the widths suit it",
        _ => {
            "no engine of nommer computes it: train it with 1e-5, as is usual, or take another model"
        }
    };
    Err(LoadError::Config(format!(
        "layer_norm_eps is {epsilon}; rust-bert computes {model_type} with {FIXED_EPSILON:e} whatever it says, and would \
         score otherwise than it was trained; {way_out}"
    )))
}

impl Network {
    /// A network with the variables that `architecture` has, of any values.
    pub(super) fn new(
        store: &nn::VarStore,
        architecture: &Architecture,
    ) -> Result<Network, LoadError> {
        let root = store.root();
        let failed = |error: rust_bert::RustBertError| LoadError::Runtime(error.to_string());
        Ok(match &architecture.config {
            Config::Bert(config) => {
                Network::Bert(BertForTokenClassification::new(&root, config).map_err(failed)?)
            }
            Config::Roberta(config) => {
                Network::Roberta(RobertaForTokenClassification::new(&root, config).map_err(failed)?)
            }
            Config::DistilBert(config) => Network::DistilBert(
                DistilBertForTokenClassification::new(&root, config).map_err(failed)?,
            ),
            Config::Electra(config) => {
                Network::Electra(ElectraForTokenClassification::new(&root, config).map_err(failed)?)
            }
            Config::DebertaV2(config) => {
                Network::DebertaV2(Box::new(DebertaV2::new(&root, config)))
            }
        })
    }

    /// Logits, `[windows, pieces, tags]`, of ids, `[windows, pieces]`. `real` is 1 for a piece and 0 for padding,
    /// and absent where there is no padding.
    pub(super) fn forward(
        &self,
        ids: &Tensor,
        real: Option<&Tensor>,
        kind: Kind,
    ) -> Result<Tensor, String> {
        // Eight-bit integers are what rust-bert expects of a mask of 0 and 1.
        let mask = real.map(|real| real.to_kind(Kind::Int8));
        let mask = mask.as_ref();
        Ok(match self {
            Network::Bert(network) => {
                network
                    .forward_t(Some(ids), mask, None, None, None, false)
                    .logits
            }
            Network::Roberta(network) => {
                network
                    .forward_t(Some(ids), mask, None, None, None, false)
                    .logits
            }
            Network::DistilBert(network) => {
                network
                    .forward_t(Some(ids), mask, None, false)
                    .map_err(|error| error.to_string())?
                    .logits
            }
            Network::Electra(network) => {
                // rust-bert adds ELECTRA's mask to the scores as it is: it must be what is to be added.
                let added = real.map(|real| ((real - 1) * 10_000).to_kind(kind));
                // Without a mask it adds 1 to all, which changes nothing but rounding.
                let added = added.unwrap_or_else(|| ids.zeros_like().to_kind(kind));
                network
                    .forward_t(Some(ids), Some(&added), None, None, None, false)
                    .logits
            }
            Network::DebertaV2(network) => network.forward(ids, real, kind),
        })
    }
}

/// How DeBERTa-v2 sees distances.
#[derive(Debug, Clone, Copy)]
pub(super) struct RelativePositions {
    /// Rows of the table of distances on each side.
    pub(super) span: i64,
    /// Distances above half of this share rows, by their logarithm; 0: none do.
    pub(super) buckets: i64,
    /// The largest distance told apart.
    pub(super) farthest: i64,
    pub(super) kinds: PositionKinds,
    /// Whether positions are projected like contents.
    pub(super) shared_projections: bool,
    pub(super) normalized: bool,
}

/// What DeBERTa-v2 adds to the scores of contents.
#[derive(Debug, Clone, Copy)]
pub(super) struct PositionKinds {
    pub(super) content_to_position: bool,
    pub(super) position_to_content: bool,
}

/// The convolution beside DeBERTa-v2's first layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convolution {
    pub(super) width: i64,
    pub(super) groups: i64,
    pub(super) activation: Activation,
}

/// Checked access to `config.json`.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(config: &[u8]) -> Result<Fields, LoadError> {
        match serde_json::from_slice(config) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(LoadError::Config("it is no JSON object".to_owned())),
            Err(error) => Err(LoadError::Config(error.to_string())),
        }
    }

    /// The value of a field, unless it is absent or null.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str) -> LoadError {
        LoadError::Config(match self.get(name) {
            Some(value) => format!("{name} is {value}; it must be {wanted}"),
            None => format!("{name} is missing; it must be {wanted}"),
        })
    }

    fn text(&self, name: &str) -> Result<String, LoadError> {
        self.optional_text(name)?
            .ok_or_else(|| self.wrong(name, "a text"))
    }

    fn optional_text(&self, name: &str) -> Result<Option<String>, LoadError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(name, "a text")),
        }
    }

    /// A size: 1 to some millions.
    fn size(&self, name: &str) -> Result<i64, LoadError> {
        let wanted = "a whole number, 1 to 16777216";
        let value = self.get(name).and_then(Value::as_i64);
        value
            .filter(|value| (1..=1 << 24).contains(value))
            .ok_or_else(|| self.wrong(name, wanted))
    }

    /// A size that may be 0 or absent.
    fn size_or(&self, name: &str, default: i64) -> Result<i64, LoadError> {
        match self.get(name) {
            None => Ok(default),
            Some(value) if value.as_i64() == Some(0) => Ok(0),
            Some(_) => self.size(name),
        }
    }

    /// A size for which absent, 0 and -1 mean none.
    fn optional_size(&self, name: &str) -> Result<Option<i64>, LoadError> {
        match self.get(name).map(Value::as_i64) {
            None | Some(Some(-1 | 0)) => Ok(None),
            _ => self.size(name).map(Some),
        }
    }

    fn number_or(&self, name: &str, default: f64) -> Result<f64, LoadError> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => value
                .as_f64()
                .filter(|value| (0.0..0.1).contains(value))
                .ok_or_else(|| self.wrong(name, "a small number, not negative")),
        }
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, LoadError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    fn must_not_be_set(&self, name: &str) -> Result<(), LoadError> {
        if self.flag(name, false)? {
            return Err(self.wrong(name, "false for a token classifier"));
        }
        Ok(())
    }

    fn activation(&self, name: &str, default: &str) -> Result<Activation, LoadError> {
        let value = self.optional_text(name)?;
        Ok(match value.as_deref().unwrap_or(default) {
            "gelu" | "gelu_python" => Activation::gelu,
            "gelu_new" => Activation::gelu_new,
            "relu" => Activation::relu,
            "swish" | "silu" => Activation::swish,
            "mish" => Activation::mish,
            "tanh" => Activation::tanh,
            _ => return Err(self.wrong(name, "gelu, gelu_new, relu, silu, mish or tanh")),
        })
    }

    /// Names in a list, or in a text between bars; only in the text their case does not matter, as in transformers.
    fn names(&self, name: &str) -> Result<Vec<String>, LoadError> {
        let wrong = || self.wrong(name, "a list of names");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text
                .split('|')
                .map(str::trim)
                .map(str::to_lowercase)
                .collect()),
            Some(Value::Array(names)) => names
                .iter()
                .map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// Such names, of which this engine computes two.
    fn names_among(&self, name: &str, computed: [&str; 2]) -> Result<Vec<String>, LoadError> {
        let names = self.names(name)?;
        let [one, two] = computed;
        match names
            .iter()
            .find(|name| !["", one, two].contains(&name.as_str()))
        {
            None => Ok(names),
            Some(other) => Err(LoadError::Config(format!(
                "{name} has {other:?}; this engine computes {one} and {two}"
            ))),
        }
    }

    fn position_kinds(&self) -> Result<PositionKinds, LoadError> {
        let kinds = self.names_among("pos_att_type", ["c2p", "p2c"])?;
        Ok(PositionKinds {
            content_to_position: kinds.iter().any(|kind| kind == "c2p"),
            position_to_content: kinds.iter().any(|kind| kind == "p2c"),
        })
    }

    fn relative_positions(
        &self,
        positions: i64,
        kinds: PositionKinds,
    ) -> Result<Option<RelativePositions>, LoadError> {
        if !self.flag("relative_attention", false)? {
            return Ok(None);
        }
        let norms = self.names_among("norm_rel_ebd", ["layer_norm", "none"])?;
        let farthest = self
            .optional_size("max_relative_positions")?
            .unwrap_or(positions);
        let buckets = self.optional_size("position_buckets")?.unwrap_or(0);
        if buckets == 1 || (buckets > 0 && farthest <= buckets / 2 + 1) {
            return Err(LoadError::Config(format!(
                "position_buckets is {buckets} and the farthest position {farthest}; there is nothing to put into \
                 buckets"
            )));
        }
        Ok(Some(RelativePositions {
            span: if buckets > 0 { buckets } else { farthest },
            buckets,
            farthest,
            kinds,
            shared_projections: self.flag("share_att_key", false)?,
            normalized: norms.iter().any(|norm| norm == "layer_norm"),
        }))
    }

    fn convolution(&self, hidden: i64) -> Result<Option<Convolution>, LoadError> {
        let Some(width) = self.optional_size("conv_kernel_size")? else {
            return Ok(None);
        };
        if width % 2 == 0 {
            return Err(self.wrong("conv_kernel_size", "odd"));
        }
        let groups = self.size_or("conv_groups", 1)?.max(1);
        if hidden % groups != 0 {
            return Err(self.wrong("conv_groups", &format!("a divisor of hidden_size {hidden}")));
        }
        Ok(Some(Convolution {
            width,
            groups,
            activation: self.activation("conv_act", "tanh")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, file: &str) -> Vec<u8> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/checkpoints"
        );
        std::fs::read(format!("{folder}/{name}/{file}")).unwrap()
    }

    /// A checkpoint whose sizes promise more than its file holds is refused before any network is built.
    #[track_caller]
    fn refused(name: &str, sizes: &[(&str, i64)], rename: [&str; 2], part: &str) {
        let mut config: Value = serde_json::from_slice(&file(name, "config.json")).unwrap();
        for (field, size) in sizes {
            config[field] = (*size).into();
        }
        let weights = file(name, "model.safetensors");
        let (length, rest) = weights.split_at(8);
        let length = u64::from_le_bytes(length.try_into().unwrap());
        let (header, data) = rest.split_at(usize::try_from(length).unwrap());
        let header = String::from_utf8(header.to_vec()).unwrap();
        let header = header.replace(rename[0], rename[1]);
        let length = (header.len() as u64).to_le_bytes();
        let weights = [&length, header.as_bytes(), data].concat();
        let weights = SafeTensors::deserialize(&weights).unwrap();
        let read = Architecture::read(config.to_string().as_bytes(), &weights);
        let message = read.err().unwrap().to_string();
        assert!(message.contains(part), "{message}");
    }

    #[test]
    fn sizes_that_the_file_does_not_hold_are_refused_before_memory_is_taken() {
        const HUGE: i64 = 1 << 24;
        let same = ["", ""];
        for (name, layers) in [
            ("bert", "num_hidden_layers"),
            ("camembert", "num_hidden_layers"),
            ("distilbert", "n_layers"),
            ("electra", "num_hidden_layers"),
            ("deberta-v2", "num_hidden_layers"),
        ] {
            let last = ["layer.1.", "layer.1999999."];
            refused(name, &[(layers, 2_000_000)], last, "layer.1.");
        }
        let far = [("max_relative_positions", HUGE), ("position_buckets", -1)];
        refused("deberta-v3", &far, same, "rel_embeddings");
        let buckets = [("max_relative_positions", HUGE), ("position_buckets", HUGE)];
        refused("deberta-v3", &buckets, same, "rel_embeddings");
        refused(
            "deberta-v3",
            &[("type_vocab_size", HUGE)],
            same,
            "token_type",
        );
        refused("bert", &[("type_vocab_size", HUGE)], same, "token_type");
        refused(
            "deberta-v2",
            &[("conv_kernel_size", HUGE - 1)],
            same,
            "conv.conv",
        );
        refused(
            "deberta-v2",
            &[("conv_groups", 3)],
            same,
            "conv_groups is 3",
        );
        refused(
            "electra",
            &[("embedding_size", HUGE)],
            same,
            "word_embeddings",
        );
    }
}
