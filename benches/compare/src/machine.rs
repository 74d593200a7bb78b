//! The machine that a figure comes from, in one line.

/// Processor, cores, memory and file system as far as the system tells.
pub(crate) fn describe() -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".to_owned());
    format!(
        "{processor}, {cores} cores, {memory} of memory, {}",
        std::env::consts::OS
    )
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split(':').nth(1).map(|value| value.trim().to_owned())
}
