//! All measurements of all stores, as tables in Markdown.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;

use crate::figure::Figure;
use crate::store::{Kind, Outcome, Place};
use crate::task::{Task, What};
use crate::{Arguments, machine};

/// A table: its title, and what is done to get a row of it.
struct Section {
    title: String,
    tasks: Vec<Task>,
}

/// What was measured of a store in a section.
type Row = (Kind, Vec<Figure>);

/// Measures everything and prints the tables.
pub(crate) fn all(arguments: &Arguments) -> Outcome<()> {
    println!("Machine: {}; {}\n", machine::describe(), load_average());
    let root = tempfile::tempdir()?;
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| kind.name().contains(&arguments.store))
        .collect();
    let mut sections: Vec<(String, Vec<Row>)> = Vec::new();
    for kind in kinds {
        let folder = root.path().join(kind.name());
        std::fs::create_dir(&folder)?;
        for section in sections_of(arguments, kind, &folder) {
            // Whatever is measured, there are keys to measure it with.
            let fills = section.tasks.iter().any(|task| task.what == What::Fill);
            if !fills && !section.title.contains(&arguments.task) {
                continue;
            }
            let figures = measure_all(kind, &section)?;
            match sections.iter_mut().find(|(title, _)| *title == section.title) {
                Some((_, rows)) => rows.push((kind, figures)),
                None => sections.push((section.title, vec![(kind, figures)])),
            }
        }
        std::fs::remove_dir_all(&folder)?;
    }
    if Kind::Engine.name().contains(&arguments.store) {
        // One after the other, each in a folder of its own: they are large.
        for section in large_sections(arguments, root.path()) {
            if section.title.contains(&arguments.task) {
                let figures = measure_all(Kind::Engine, &section)?;
                sections.push((section.title, vec![(Kind::Engine, figures)]));
                std::fs::remove_dir_all(root.path().join(LARGE))?;
            }
        }
    }
    for (title, rows) in &sections {
        print_table(title, rows);
    }
    println!("Afterwards: {}", load_average());
    Ok(())
}

/// What is measured of the engine alone, with more keys than its peers get.
fn large_sections(arguments: &Arguments, root: &Path) -> Vec<Section> {
    let fill = |keys| Task {
        what: What::Fill,
        place: Place {
            kind: Kind::Engine,
            folder: root.join(LARGE),
            cache: arguments.cache,
            no_sync: false,
        },
        keys,
        seconds: 20,
        puts: 500,
        clients: 1,
    };
    let doomed = Task {
        what: What::Doomed,
        ..fill(KEYS_OF_A_GIGABYTE)
    };
    let open = Task {
        what: What::Open,
        ..doomed.clone()
    };
    let mut sections = vec![Section {
        title: "The engine with a base of 1 GB: load, and open after kill −9 during commits of 500 random puts"
            .to_owned(),
        tasks: vec![fill(KEYS_OF_A_GIGABYTE), doomed, open],
    }];
    if arguments.large > 0 {
        sections.push(Section {
            title: format!("The engine with {} keys: load", arguments.large),
            tasks: vec![fill(arguments.large)],
        });
    }
    sections
}

/// Carries out the tasks of a section; gives all their figures.
fn measure_all(kind: Kind, section: &Section) -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for task in &section.tasks {
        eprintln!("{}: {} ...", kind.name(), section.title);
        std::fs::create_dir_all(&task.place.folder)?;
        figures.extend(if task.what == What::Doomed {
            doom(task)?
        } else {
            measure(task)?
        });
    }
    Ok(figures)
}

/// What is measured of one kind of store, in order; all of it on the same data.
fn sections_of(arguments: &Arguments, kind: Kind, folder: &Path) -> Vec<Section> {
    let task = |what| Task {
        what,
        place: Place {
            kind,
            folder: folder.to_owned(),
            cache: arguments.cache,
            no_sync: false,
        },
        keys: arguments.keys,
        seconds: 10,
        puts: 10,
        clients: 1,
    };
    let section = |title: &str, tasks: Vec<Task>| Section {
        title: title.to_owned(),
        tasks,
    };
    let mut sections = vec![
        section("Load: 1,000 new keys a commit", vec![task(What::Fill)]),
        section("Reads", vec![task(What::Reads)]),
        section(
            "Reads right after random puts to every tenth key",
            vec![task(What::FreshReads)],
        ),
    ];
    for puts in [10, 500] {
        let sustained = Task {
            puts,
            seconds: arguments.seconds,
            ..task(What::Commits)
        };
        let title = format!("Commits of {puts} random puts, for {} seconds", arguments.seconds);
        sections.push(section(&title, vec![sustained]));
    }
    for (no_sync, how) in [(false, "each synced"), (true, "none synced")] {
        for clients in [1, 64] {
            let mut commits = Task {
                clients,
                puts: 1,
                ..task(What::Commits)
            };
            commits.place.no_sync = no_sync;
            sections.push(section(
                &format!("Commits of one random put by {clients} clients, {how}"),
                vec![commits],
            ));
        }
    }
    sections.push(section(
        "Open after kill −9 under load",
        vec![task(What::Doomed), task(What::Open)],
    ));
    sections.push(section("Clearing everything", vec![task(What::Clear)]));
    sections
}

/// Runs a task in a process of its own.
fn measure(task: &Task) -> Outcome<Vec<Figure>> {
    let output = command(task)?.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{task:?} failed").into());
    }
    String::from_utf8(output.stdout)?.lines().map(Figure::read).collect()
}

/// Runs a task that does not end, and kills it under load.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn doom(task: &Task) -> Outcome<Vec<Figure>> {
    let mut child = command(task)?.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("the output is piped")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    std::thread::sleep(Duration::from_secs(task.seconds));
    child.kill()?;
    child.wait()?;
    Ok(Vec::new())
}

fn command(task: &Task) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let name = |value: clap::builder::PossibleValue| value.get_name().to_owned();
    command
        .arg("measure")
        .args(["--what", &task.what.to_possible_value().map(name).unwrap_or_default()])
        .args([
            "--kind",
            &task.place.kind.to_possible_value().map(name).unwrap_or_default(),
        ])
        .arg("--folder")
        .arg(&task.place.folder)
        .args(["--cache", &task.place.cache.to_string()])
        .args(["--keys", &task.keys.to_string()])
        .args(["--seconds", &task.seconds.to_string()])
        .args(["--puts", &task.puts.to_string()])
        .args(["--clients", &task.clients.to_string()]);
    if task.place.no_sync {
        command.arg("--no-sync");
    }
    Ok(command)
}

fn print_table(title: &str, rows: &[Row]) {
    println!("## {title}\n");
    let Some(((first, ours), peers)) = rows.split_first() else {
        return;
    };
    let heads: Vec<&str> = ours.iter().map(|figure| figure.name.as_str()).collect();
    println!("| | {} |", heads.join(" | "));
    println!("|---{}|", "|---".repeat(heads.len()));
    for (kind, figures) in rows {
        let cells: Vec<String> = figures.iter().map(Figure::to_string).collect();
        println!("| {} | {} |", kind.name(), cells.join(" | "));
    }
    for (kind, figures) in peers {
        let cells: Vec<String> = ours
            .iter()
            .zip(figures)
            .map(|(ours, peer)| format!("**{:.2}×**", ours.times_as_good_as(peer)))
            .collect();
        println!("| **{} : {}** | {} |", first.name(), kind.name(), cells.join(" | "));
    }
    println!();
}

/// The folder of the large sections.
const LARGE: &str = "large";
/// So many keys make a base of about 1 GB.
const KEYS_OF_A_GIGABYTE: u64 = 2_000_000;

/// How busy the machine is, as the system tells.
fn load_average() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last = averages.split(' ').next().unwrap_or("unknown").to_owned();
    format!("{last} processes wanted to run on average during the last minute")
}
