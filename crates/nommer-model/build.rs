//! With the feature `rust-bert`: looks at libtorch before torch-sys does, which says less clearly what is wrong, and lets
//! the tests of this crate find it.

use std::path::Path;

/// The one that tch 0.17 is made for.
const VERSION: &str = "2.4.0";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_RUST_BERT").is_none() {
        return;
    }
    println!("cargo::rustc-env=NOMMER_LIBTORCH={VERSION}");
    for name in [
        "LIBTORCH",
        "LIBTORCH_USE_PYTORCH",
        "LIBTORCH_BYPASS_VERSION_CHECK",
    ] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    // torch-sys asks PyTorch itself then, and compares versions.
    if std::env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        return;
    }
    let Some(folder) = std::env::var_os("LIBTORCH") else {
        if !Path::new("/usr/lib/libtorch.so").exists() {
            println!(
                "cargo::warning=LIBTORCH is not set, so a build of the engine rust-bert fetches libtorch {VERSION} from \
                 pytorch.org; where that fails, run `scripts/fetch-libtorch DIR` and set LIBTORCH=DIR and \
                 LIBTORCH_CXX11_ABI=0 (linting needs none of this)"
            );
        }
        return;
    };
    let folder = Path::new(&folder);
    let library = folder.join("lib/libtorch_cpu.so");
    if cfg!(target_os = "linux") && !library.exists() {
        println!(
            "cargo::error=LIBTORCH is {}, but there is no {}; fill it with `scripts/fetch-libtorch {0}`",
            folder.display(),
            library.display()
        );
        return;
    }
    let version = std::fs::read_to_string(folder.join("build-version")).unwrap_or_default();
    let version = version.trim().split('+').next().unwrap_or_default();
    let bypassed = std::env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_some();
    if !version.is_empty() && version != VERSION && !bypassed {
        println!(
            "cargo::error=LIBTORCH is {}, a libtorch {version}; nommer needs {VERSION}: `scripts/fetch-libtorch DIR` gets it",
            folder.display()
        );
        return;
    }
    println!(
        "cargo::rustc-link-arg=-Wl,-rpath,{}",
        folder.join("lib").display()
    );
}
