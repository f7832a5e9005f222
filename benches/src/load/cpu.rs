use std::{
    fs, io,
    sync::LazyLock,
    time::{Duration, Instant},
};

/// The processor time that this process has used so far, without that of the thread that asks: from Linux' `/proc`
/// (proc_pid_schedstat(5)).
///
/// Where the asking thread sends the load, this is what the servers took.
///
/// # Errors
/// There is no such file: not Linux, or a kernel without it.
pub fn process_time() -> io::Result<Duration> {
    Ok(whole_process()?.saturating_sub(on_cpu("/proc/thread-self/schedstat")?))
}

/// The processor time that this process has used so far, the thread that asks included; time, where Linux does not tell.
#[must_use]
pub fn processor_time() -> Duration {
    whole_process().unwrap_or_else(|_| elapsed())
}

/// Time since the first reading.
#[must_use]
pub fn elapsed() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

fn whole_process() -> io::Result<Duration> {
    let tasks = fs::read_dir("/proc/self/task")?;
    // A thread may end between the two reads.
    let all = tasks.filter_map(|task| on_cpu(task.ok()?.path().join("schedstat").to_str()?).ok());
    Ok(all.sum())
}

fn on_cpu(path: &str) -> io::Result<Duration> {
    let text = fs::read_to_string(path)?;
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    nanos.map(Duration::from_nanos).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
