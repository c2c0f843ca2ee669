//! Networks of rust-bert on libtorch: any checkpoint of five architectures, on a CPU or a GPU.
//!
//! rust-bert computes the forward pass and nothing else: its tokenizers and pipelines are not used. Everything that
//! makes it or libtorch panic is checked before, against `config.json` and the header of the weights, and what
//! remains is caught.
//!
//! **Threads.** A libtorch model may be sent to another thread, not shared. So each worker takes a network from a
//! pool, and makes one where there is none; their weights are the same memory. libtorch itself gets one thread. On two
//! cores that others use too, two workers of one thread scored 1,100 to 2,000 pieces a second, one worker of one thread
//! 1,200 to 1,300, and one worker of two threads 180 to 440: its threads wait for each other after every operation. A
//! GPU has one network, and workers queue for it: it is one device however many wait.
//!
//! **Batches.** On a CPU each window is computed alone, without padding: in a batch, libtorch chooses other kernels
//! by its shape, and a window's scores would depend on its company. It costs nothing, since one window
//! of a hundred pieces fills a core. On a GPU windows of a call are computed in batches of at most [`GPU_PIECES`]
//! pieces, longest first; their scores can then differ by rounding with the company, but the calls themselves depend
//! on the document alone.

mod deberta;
mod network;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

use ndarray::Array2;
use safetensors::{Dtype, SafeTensors};
use tch::{Kind, Tensor, nn};

use super::{ClassifyError, Device, LoadError, TokenClassifier, find_tensor};
use network::{Architecture, Network};

/// The most pieces, padding included, of one batch on a GPU.
const GPU_PIECES: usize = 16 * 1024;

/// The libtorch that tch is made for, which the build script looked for.
const LIBTORCH: &str = env!("NOMMER_LIBTORCH");

/// A network on libtorch, ready to run on any number of threads.
pub struct RustBert {
    architecture: Architecture,
    device: tch::Device,
    kind: Kind,
    /// The weights that all networks share, by name.
    weights: Mutex<BTreeMap<String, Tensor>>,
    // Idle networks. Invariant: on a GPU, there is never more than one, idle or taken.
    networks: Mutex<Vec<Network>>,
}

impl RustBert {
    /// Builds the network from the bytes of `config.json` and `model.safetensors`.
    ///
    /// Weights may be `F32`, `F16`, `BF16`, or `I8` with a companion tensor `<name>_scale` of one `F32` per row.
    /// A GPU computes in half precision.
    ///
    /// # Errors
    /// When the configuration is not one that rust-bert computes as its author meant it, a tensor is missing or
    /// misshapen, there is no such device, or libtorch fails.
    pub fn load(config: &[u8], weights: &[u8], device: Device) -> Result<RustBert, LoadError> {
        let (device, kind) = match device {
            Device::Cpu => (tch::Device::Cpu, Kind::Float),
            Device::Cuda(index) => (cuda(index)?, Kind::Half),
        };
        RustBert::load_on(config, weights, device, kind)
    }

    fn load_on(
        config: &[u8],
        weights: &[u8],
        device: tch::Device,
        kind: Kind,
    ) -> Result<RustBert, LoadError> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        check_version(loaded_from(&maps).as_deref()).map_err(LoadError::Runtime)?;
        let file = SafeTensors::deserialize(weights)?;
        let architecture = Architecture::read(config, &file)?;
        // The workers own the cores.
        tch::set_num_threads(1);
        let build = || -> Result<RustBert, LoadError> {
            let store = nn::VarStore::new(tch::Device::Cpu);
            let network = Network::new(&store, &architecture)?;
            let mut weights = BTreeMap::new();
            for (name, variable) in variables(&store) {
                let shape: Vec<usize> = variable
                    .size()
                    .iter()
                    .map(|&size| usize::try_from(size).unwrap_or(0))
                    .collect();
                let tensor = read_tensor(&file, &name, &shape)?
                    .to_kind(kind)
                    .to_device(device);
                weights.insert(name, tensor);
            }
            share(&store, &weights);
            Ok(RustBert {
                architecture: architecture.clone(),
                device,
                kind,
                weights: Mutex::new(weights),
                networks: Mutex::new(vec![network]),
            })
        };
        caught(build).map_err(LoadError::Runtime)?
    }

    /// Runs `use_network` with a network that no other thread has.
    fn with_network<T>(
        &self,
        use_network: impl FnOnce(&Network) -> Result<T, ClassifyError>,
    ) -> Result<T, ClassifyError> {
        if self.device != tch::Device::Cpu {
            let networks = self
                .networks
                .lock()
                .unwrap_or_else(|broken| broken.into_inner());
            return match networks.first() {
                Some(network) => use_network(network),
                None => Err(ClassifyError::Runtime("the network is gone".to_owned())),
            };
        }
        let idle = |networks: &Mutex<Vec<Network>>| {
            let mut networks = networks.lock().unwrap_or_else(|broken| broken.into_inner());
            networks.pop()
        };
        let network = match idle(&self.networks) {
            Some(network) => network,
            None => self.another()?,
        };
        let result = use_network(&network);
        let mut networks = self
            .networks
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        networks.push(network);
        result
    }

    /// A further network on the same weights.
    fn another(&self) -> Result<Network, ClassifyError> {
        let weights = self
            .weights
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        let build = || {
            let store = nn::VarStore::new(tch::Device::Cpu);
            let network = Network::new(&store, &self.architecture)?;
            share(&store, &weights);
            Ok::<_, LoadError>(network)
        };
        match caught(build) {
            Ok(Ok(network)) => Ok(network),
            Ok(Err(error)) => Err(ClassifyError::Runtime(error.to_string())),
            Err(message) => Err(ClassifyError::Runtime(message)),
        }
    }

    /// Scores windows in one batch, padded to the longest.
    fn run(
        &self,
        network: &Network,
        windows: &[&[u32]],
    ) -> Result<Vec<Array2<f32>>, ClassifyError> {
        let longest = windows.iter().map(|window| window.len()).max().unwrap_or(0);
        let padding = self.architecture.padding();
        let mut ids = Vec::with_capacity(windows.len() * longest);
        let mut real = Vec::with_capacity(windows.len() * longest);
        for window in windows {
            ids.extend(window.iter().map(|&id| i64::from(id)));
            ids.resize(ids.len() + longest - window.len(), padding);
            real.resize(real.len() + window.len(), 1i64);
            real.resize(real.len() + longest - window.len(), 0);
        }
        let padded = real.contains(&0);
        let compute = || -> Result<Vec<f32>, String> {
            let _no_gradients = tch::no_grad_guard();
            let shape = [windows.len() as i64, longest as i64];
            let ids = Tensor::from_slice(&ids).view(shape).to_device(self.device);
            let real = padded.then(|| Tensor::from_slice(&real).view(shape).to_device(self.device));
            let logits = network.forward(&ids, real.as_ref(), self.kind)?;
            let logits = logits.to_kind(Kind::Float).to_device(tch::Device::Cpu);
            let wanted = [shape[0], shape[1], self.architecture.tags as i64];
            if logits.size() != wanted {
                return Err(format!(
                    "the scores have shape {:?}, not {wanted:?}",
                    logits.size()
                ));
            }
            Vec::<f32>::try_from(logits.contiguous().view(-1))
                .map_err(|error: tch::TchError| error.to_string())
        };
        let logits = caught(compute)
            .and_then(|computed| computed)
            .map_err(ClassifyError::Runtime)?;
        let tags = self.architecture.tags;
        windows
            .iter()
            .zip(logits.chunks_exact(longest * tags))
            .map(|(window, logits)| {
                let logits = logits[..window.len() * tags].to_vec();
                if !logits.iter().all(|logit| logit.is_finite()) {
                    return Err(ClassifyError::NotFinite);
                }
                Array2::from_shape_vec((window.len(), tags), logits)
                    .map_err(|error| ClassifyError::Runtime(error.to_string()))
            })
            .collect()
    }

    fn check(&self, window: &[u32]) -> Result<(), ClassifyError> {
        if window.is_empty() || window.len() > self.max_pieces() {
            return Err(ClassifyError::WindowLength {
                pieces: window.len(),
                max: self.max_pieces(),
            });
        }
        match window.iter().find(|&&id| id as usize >= self.vocabulary()) {
            Some(&id) => Err(ClassifyError::UnknownPiece {
                id,
                vocabulary: self.vocabulary(),
            }),
            None => Ok(()),
        }
    }
}

impl TokenClassifier for RustBert {
    fn classify(&self, windows: &[&[u32]]) -> Result<Vec<Array2<f32>>, ClassifyError> {
        for window in windows {
            self.check(window)?;
        }
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let budget = if self.device == tch::Device::Cpu {
            1
        } else {
            GPU_PIECES
        };
        self.with_network(|network| {
            let mut scored: Vec<Array2<f32>> = vec![Array2::zeros((0, 0)); windows.len()];
            for batch in batches(windows, budget) {
                let together: Vec<&[u32]> = batch.iter().map(|&index| windows[index]).collect();
                for (index, logits) in batch.iter().zip(self.run(network, &together)?) {
                    scored[*index] = logits;
                }
            }
            Ok(scored)
        })
    }

    fn max_pieces(&self) -> usize {
        self.architecture.max_pieces
    }

    fn vocabulary(&self) -> usize {
        self.architecture.vocabulary
    }

    fn tag_count(&self) -> usize {
        self.architecture.tags
    }

    fn pieces_per_call(&self) -> usize {
        if self.device == tch::Device::Cpu {
            super::PIECES_PER_CALL
        } else {
            GPU_PIECES
        }
    }

    fn description(&self) -> String {
        let device = match self.device {
            tch::Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".to_owned(),
        };
        let kind = if self.kind == Kind::Half {
            "f16"
        } else {
            "f32"
        };
        format!(
            "rust-bert 0.23 {} on libtorch {LIBTORCH}, {kind}, {device}",
            self.architecture.name()
        )
    }
}

/// The folder that the running program has libtorch from, by the list of its mappings as Linux keeps it.
fn loaded_from(maps: &str) -> Option<PathBuf> {
    let library = maps.lines().find_map(|line| {
        let path = Path::new(&line[line.find('/')?..]);
        path.ends_with("libtorch_cpu.so").then_some(path)
    })?;
    Some(library.parent()?.parent()?.to_owned())
}

/// Complains of a libtorch that says it is another than the one this program was built with: where it links at all, it
/// crashes or computes something else.
fn check_version(folder: Option<&Path>) -> Result<(), String> {
    let Some(folder) = folder else {
        return Ok(());
    };
    // libtorch as PyTorch's wheel has it does not say.
    let version = std::fs::read_to_string(folder.join("build-version")).unwrap_or_default();
    let version = version.trim().split('+').next().unwrap_or_default();
    let bypassed = std::env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_some();
    if version.is_empty() || version == LIBTORCH || bypassed {
        return Ok(());
    }
    Err(format!(
        "{} is libtorch {version}, and this program was built with {LIBTORCH}; build it again, or name the right lib in \
         LD_LIBRARY_PATH",
        folder.display()
    ))
}

/// The GPU of this number, if libtorch can use it.
fn cuda(index: usize) -> Result<tch::Device, LoadError> {
    let count = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
    if tch::Cuda::is_available() && index < count {
        return Ok(tch::Device::Cuda(index));
    }
    Err(LoadError::Device(if count == 0 {
        format!(
            "there is no cuda:{index}: libtorch finds no GPU; it needs NVIDIA's driver and a libtorch with CUDA \
             (scripts/fetch-libtorch --cuda); try --device cpu"
        )
    } else {
        format!(
            "there is no cuda:{index}: the last GPU is cuda:{}",
            count - 1
        )
    }))
}

/// Windows in batches of at most `budget` pieces with padding, or of one, longest first.
fn batches(windows: &[&[u32]], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(windows[index].len()));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1) * windows[batch[0]].len() <= budget => {
                batch.push(index)
            }
            _ => batches.push(vec![index]),
        }
    }
    batches
}

/// Puts the weights under a network: each of its variables becomes another handle of the same memory.
fn share(store: &nn::VarStore, weights: &BTreeMap<String, Tensor>) {
    let _no_gradients = tch::no_grad_guard();
    for (name, mut variable) in variables(store) {
        if let Some(weights) = weights.get(&name) {
            variable.set_data(weights);
        }
    }
}

/// The variables of a network, in the order of their names.
fn variables(store: &nn::VarStore) -> BTreeMap<String, Tensor> {
    store.variables().into_iter().collect()
}

thread_local! {
    /// Whether panics of this thread become messages, so that nothing else need be said of them.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Lets the program's own hook see no panic of a thread that is [`caught`]; all others it sees as before. A program that
/// sets another hook afterwards sees them all.
fn hush_caught_panics() {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !CATCHING.get() {
                hook(panic);
            }
        }));
    });
}

/// What `work` returns, or the message of its panic: libtorch's errors are panics in rust-bert, with pages of frames.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    hush_caught_panics();
    let before = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(before);
    result.map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown");
        // Of libtorch's page of C++ frames the first lines say what is wrong.
        message.lines().take(2).collect::<Vec<_>>().join(" ")
    })
}

/// A tensor of exactly this shape, as floats on the CPU.
fn read_tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Tensor, LoadError> {
    let (stored, tensor) = find_tensor(file, name)?;
    if tensor.shape() != shape {
        return Err(LoadError::tensor(
            &stored,
            format!("has shape {:?}, not {shape:?}", tensor.shape()),
        ));
    }
    let values = if tensor.dtype() == Dtype::I8 {
        let rows = shape.first().copied().unwrap_or(0);
        let scale_name = format!("{stored}_scale");
        let scales = file
            .tensor(&scale_name)
            .map_err(|_| LoadError::tensor(&scale_name, "is missing"))?;
        if scales.shape() != [rows] {
            let problem = format!("has shape {:?}, not [{rows}]", scales.shape());
            return Err(LoadError::tensor(&scale_name, problem));
        }
        let scales = super::floats(&scale_name, &scales)?;
        let width = tensor.data().len() / rows.max(1);
        tensor
            .data()
            .chunks_exact(width.max(1))
            .zip(&scales)
            .flat_map(|(row, scale)| {
                row.iter()
                    .map(move |&byte| f32::from(byte.cast_signed()) * scale)
            })
            .collect()
    } else {
        super::floats(&stored, &tensor)?
    };
    let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
    Ok(Tensor::from_slice(&values).view(shape.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tiny checkpoint, and ids it knows.
    fn load(name: &str, kind: Kind) -> (RustBert, Vec<u32>) {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/checkpoints/"
        );
        let read = |file: &str| std::fs::read(format!("{folder}{name}/{file}")).unwrap();
        let (config, weights) = (read("config.json"), read("model.safetensors"));
        let network = RustBert::load_on(&config, &weights, tch::Device::Cpu, kind).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&read("expected.json")).unwrap();
        let ids = serde_json::from_value(expected["ids"].clone()).unwrap();
        (network, ids)
    }

    const NAMES: [&str; 8] = [
        "bert",
        "camembert",
        "deberta-v2",
        "deberta-v3",
        "distilbert",
        "electra",
        "roberta",
        "xlm-roberta",
    ];

    /// What a GPU does, on a CPU: windows of several lengths in one batch.
    #[test]
    fn padding_changes_no_score() {
        for name in NAMES {
            let (network, ids) = load(name, Kind::Float);
            let windows = [&ids[..70], &ids[3..12], &ids[20..21], &ids[..40]];
            let together = network
                .with_network(|inner| network.run(inner, &windows))
                .unwrap();
            for (window, together) in windows.iter().zip(together) {
                let alone = &network.classify(&[window]).unwrap()[0];
                assert_eq!(together.dim(), alone.dim());
                let differences = alone.iter().zip(&together).map(|(a, b)| (a - b).abs());
                let largest = differences.fold(0.0, f32::max);
                assert!(largest < 1e-4, "{name}, {} pieces: {largest}", window.len());
            }
        }
    }

    /// What a GPU does, on a CPU: half precision, through every operation of every architecture.
    #[test]
    fn half_precision_is_computed_and_close() {
        for name in NAMES {
            let (half, ids) = load(name, Kind::Half);
            let (float, _) = load(name, Kind::Float);
            let windows = [&ids[..70], &ids[3..12]];
            let rough = half
                .with_network(|inner| half.run(inner, &windows))
                .unwrap();
            let exact = float.classify(&windows).unwrap();
            for (rough, exact) in rough.iter().zip(&exact) {
                let differences = rough.iter().zip(exact).map(|(a, b)| (a - b).abs());
                let largest = differences.fold(0.0, f32::max);
                assert!(largest > 0.0 && largest < 0.2, "{name}: {largest}");
            }
        }
    }

    #[test]
    fn batches_hold_every_window_once_and_keep_the_budget() {
        let lengths = [5usize, 90, 90, 3, 40, 7, 90];
        let windows: Vec<Vec<u32>> = lengths.iter().map(|&length| vec![1; length]).collect();
        let windows: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
        for budget in [1, 100, 200, 1000] {
            let batches = batches(&windows, budget);
            let mut all: Vec<usize> = batches.concat();
            all.sort_unstable();
            assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            for batch in &batches {
                let longest = batch.iter().map(|&index| lengths[index]).max().unwrap();
                assert!(
                    batch.len() == 1 || batch.len() * longest <= budget,
                    "{budget}: {batch:?}"
                );
            }
        }
        assert_eq!(batches(&windows, 200).len(), 3);
    }

    #[test]
    fn another_libtorch_is_refused_when_it_is_loaded() {
        let maps = "7f00-7f01 r--p 0000 fe:00 12 /opt/my torch/lib/libc10.so\n\
                    7f02-7f03 r-xp 0000 fe:00 13                    /opt/my torch/lib/libtorch_cpu.so\n";
        assert_eq!(loaded_from(maps), Some(PathBuf::from("/opt/my torch")));
        assert_eq!(loaded_from("7f00-7f01 rw-p 0000 00:00 0 [heap]\n"), None);
        let folder = std::env::temp_dir().join(format!("nommer-libtorch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(check_version(Some(&folder)), Ok(()));
        std::fs::write(folder.join("build-version"), "2.5.1+cpu\n").unwrap();
        let refused = check_version(Some(&folder)).unwrap_err();
        assert!(refused.contains("is libtorch 2.5.1"), "{refused}");
        std::fs::write(folder.join("build-version"), format!("{LIBTORCH}+cpu\n")).unwrap();
        assert_eq!(check_version(Some(&folder)), Ok(()));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_panic_becomes_a_message() {
        let caught = caught(|| Tensor::from_slice(&[1i64]).view([2, 2]));
        assert!(caught.unwrap_err().contains("shape"));
    }

    /// In a process of its own, whose standard error nobody else writes to.
    #[test]
    fn a_caught_panic_prints_nothing() {
        let test = "backend::rust_bert::tests::a_panic_becomes_a_message";
        let ran = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .output()
            .unwrap();
        let (out, errors) = (
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        );
        assert!(out.contains("1 passed"), "{out}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}
