use std::{fs, io, time::Duration};

/// The processor time that this process has used so far, without that of the thread that asks: from Linux' `/proc`
/// (proc_pid_schedstat(5)).
///
/// Where the asking thread sends the load, this is what the servers took.
///
/// # Errors
/// There is no such file: not Linux, or a kernel without it.
pub fn process_time() -> io::Result<Duration> {
    let own = on_cpu("/proc/thread-self/schedstat")?;
    let tasks = fs::read_dir("/proc/self/task")?;
    // A thread may end between the two reads.
    let all = tasks.filter_map(|task| on_cpu(task.ok()?.path().join("schedstat").to_str()?).ok());
    Ok(Duration::from_nanos(all.sum::<u64>().saturating_sub(own)))
}

fn on_cpu(path: &str) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    nanos.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
