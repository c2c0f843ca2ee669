//! `nommer completions` and `nommer man`.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;

use crate::Ending;
use crate::args::Args;

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "nommer", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Ending::Complete)
}

/// The page of the command, with a section for each subcommand.
pub(crate) fn man() -> Result<Ending> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    // Not `render`: it refers to a page of its own for each subcommand.
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    subcommand_sections(&command, "nommer", &mut page)?;
    std::io::stdout().write_all(&page)?;
    Ok(Ending::Complete)
}

fn subcommand_sections(
    command: &clap::Command,
    name: &str,
    page: &mut Vec<u8>,
) -> std::io::Result<()> {
    for subcommand in command.get_subcommands() {
        let name = format!("{name} {}", subcommand.get_name());
        let man = clap_mangen::Man::new(subcommand.clone());
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        man.render_extra_section(&mut section)?;
        // Headings of a subcommand stand below its own.
        page.extend(
            String::from_utf8_lossy(&section)
                .replace(".SH ", ".SS ")
                .bytes(),
        );
        subcommand_sections(subcommand, &name, page)?;
    }
    Ok(())
}
