//! `simulate`: lets a seeded world live for so many days, judged by the checker, and says what it contained. `make simulate SEED=1 DAYS=30` runs it.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Arg, ArgMatches, value_parser};
use indicatif::{ProgressBar, ProgressStyle};
use ringfence_testing::checker::check;
use ringfence_testing::simulator::{
    Broken, Config, Ended, Progress, Sound, failed, report, shrink, simulate, simulate_and_record,
};
use ringfence_testing::trace::{Doing, Trace};

const ABOUT: &str = "Lets a seeded world of merchants, users, phones and faults live for so many days around a real platform, judges every step by the promises, \
and says what it contained.";

const AFTER: &str = "The same seed makes the same bytes on every machine; the report ends with a digest of them.
A run that breaks a promise is made small, and saved as a scenario.

Exit codes:
  0  every promise was kept
  1  a promise is broken
  2  the arguments are wrong
  3  a file cannot be read or written

Examples:
  simulate --seed 1 --days 30
  simulate --seed 100 --runs 20 --days 30
  simulate --seed 7 --days 2 --journal journal.jsonl
  simulate --judge target/simulate/seed-7.jsonl";

const BROKEN: u8 = 1;
const NO_FILE: u8 = 3;

fn command() -> clap::Command {
    let number = |name: &'static str, of: &'static str, default: &'static str| {
        Arg::new(name).long(name).value_name("N").help(of).default_value(default)
    };
    let file = |name: &'static str, of: &'static str| {
        Arg::new(name).long(name).value_name("FILE").help(of).value_parser(value_parser!(PathBuf))
    };
    clap::Command::new("simulate")
        .about(ABOUT)
        .after_help(AFTER)
        .arg(number("seed", "What chance begins with", "1").value_parser(value_parser!(u64)))
        .arg(
            number("days", "How many days it lives: 1 to 3650", "30")
                .value_parser(RangedU64ValueParser::<u32>::new().range(1..=3_650)),
        )
        .arg(
            number("runs", "How many seeds, one after the other: 1 to 10000", "1")
                .value_parser(RangedU64ValueParser::<u32>::new().range(1..=10_000)),
        )
        .arg(
            number("shrinks", "In how many tries a failing run is made small; 0: not at all", "2000")
                .value_parser(value_parser!(u32)),
        )
        .arg(
            file("journal", "Write the whole trace there, as the lines of a journal; it is kept in memory until then")
                .conflicts_with("judge"),
        )
        .arg(
            Arg::new("into")
                .long("into")
                .value_name("FOLDER")
                .help("Where failing scenarios are saved")
                .default_value("target/simulate")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(file(
            "judge",
            "Judge the trace in this file, and do its steps again on a platform of this build; no world lives then",
        ))
}

fn main() -> ExitCode {
    let matches = command().get_matches();
    let done = match matches.get_one::<PathBuf>("judge") {
        Some(file) => judge(file),
        None => live(&matches),
    };
    match done {
        Ok(code) => code,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::from(NO_FILE)
        }
    }
}

fn live(matches: &ArgMatches) -> Result<ExitCode, String> {
    let number = |name: &str| matches.get_one::<u32>(name).copied().unwrap_or_default();
    let first = matches.get_one::<u64>("seed").copied().unwrap_or_default();
    for seed in (first..).take(number("runs") as usize) {
        let config = Config::new(seed, number("days"));
        let ended = match matches.get_one::<PathBuf>("journal") {
            Some(file) => journalled(&config, file)?,
            None => shown(&config),
        };
        match ended {
            Ok(ended) => println!("{}", report(&config, &ended)),
            Err(broken) => {
                let into = matches.get_one::<PathBuf>("into").cloned().unwrap_or_default();
                return fell(&config, &broken, number("shrinks"), &into);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs with a bar on a terminal, and with a line a day otherwise.
fn shown(config: &Config) -> Result<Ended, Broken> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("seed {msg} {wide_bar:.cyan/blue} day {pos}, {elapsed} of about {duration}");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(config.seed.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    });
    let began = std::time::Instant::now();
    let mut steps = 0;
    let mut tell = |progress: &Progress| {
        steps = progress.steps;
        match &bar {
            Some(bar) => {
                bar.set_length(u64::try_from(progress.hours / 24).unwrap_or(0));
                bar.set_position(u64::try_from(progress.hour / 24).unwrap_or(0));
            }
            None if progress.is_calm => eprintln!("seed {}: calm after {} steps", config.seed, progress.steps),
            None if progress.hour % 24 == 0 => {
                eprintln!(
                    "seed {}: day {} of {}, {} steps",
                    config.seed,
                    progress.hour / 24,
                    progress.hours / 24,
                    progress.steps
                );
            }
            None => {}
        }
    };
    let ended = simulate::<Sound>(config, &mut tell);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("seed {}: {:.0} steps per second", config.seed, steps as f64 / seconds.max(0.001));
    ended
}

fn journalled(config: &Config, file: &Path) -> Result<Result<Ended, Broken>, String> {
    let ended = simulate_and_record::<Sound>(config);
    let trace = match &ended {
        Ok(ended) => ended.trace.as_ref(),
        Err(broken) => broken.ended.trace.as_ref(),
    };
    if let Some(trace) = trace {
        written(file, trace)?;
    }
    Ok(ended)
}

fn written(file: &Path, trace: &Trace) -> Result<(), String> {
    fs::write(file, trace.to_json_lines()).map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

fn fell(config: &Config, broken: &Broken, tries: u32, into: &Path) -> Result<ExitCode, String> {
    let commit = Command::new("git").args(["rev-parse", "HEAD"]).output().ok().filter(|output| output.status.success());
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let violation = &broken.violation;
    eprintln!("seed {}: {violation}", config.seed);
    let shrunk = (tries > 0)
        .then(|| shrink::<Sound>(config, violation, tries, &mut |what| eprintln!("making it small: {what}")))
        .flatten();
    let file = into.join(format!("seed-{}.jsonl", config.seed));
    let replay = format!("cargo run --release --package ringfence-testing --bin simulate -- --judge {}", file.display());
    if let Some(shrunk) = &shrunk {
        fs::create_dir_all(into).map_err(|error| format!("{} cannot be made: {error}", into.display()))?;
        written(&file, &shrunk.trace)?;
    }
    let name = file.display().to_string();
    print!(
        "{}",
        failed(config, violation, commit.as_deref(), shrunk.as_ref().map(|shrunk| (shrunk, name.as_str(), replay.as_str())))
    );
    Ok(ExitCode::from(BROKEN))
}

/// Judges a trace as it stands, and then what a platform of this build makes of its steps.
fn judge(file: &Path) -> Result<ExitCode, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let trace = Trace::from_json_lines(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let recorded = check(&trace);
    match &recorded {
        Ok(summary) => println!("as recorded: every promise kept in {} steps", summary.steps),
        Err(violation) => println!("as recorded: {violation}"),
    }
    let again = done_again(&trace);
    let judged = check(&again);
    match &judged {
        Ok(summary) => println!("done again: every promise kept in {} steps", summary.steps),
        Err(violation) => println!("done again: {violation}"),
    }
    if again.steps != trace.steps {
        println!("done again, the platform says or hands out something else than was recorded");
    }
    Ok(if recorded.is_ok() && judged.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) })
}

fn done_again(trace: &Trace) -> Trace {
    use ringfence_testing::simulator::Subject as _;
    let mut subject = Sound::new(&trace.header.policy);
    let mut again = trace.clone();
    for (place, step) in again.steps.iter_mut().enumerate() {
        step.reply = subject.perform(step.at, &step.doing);
        // A host that stopped before it polled was handed what the step made after it came back.
        let stopped = trace.steps.get(place + 1).is_some_and(|next| next.doing == Doing::Restart);
        let keeps_back = stopped && trace.steps[place].effects.is_empty() && !trace.steps[place + 1].effects.is_empty();
        step.effects = if keeps_back { Vec::new() } else { subject.poll() };
    }
    again
}
