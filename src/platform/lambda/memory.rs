//! How much memory an instance uses: its process, and all that this one has started. Known where there is `/proc`.

/// What is used now, in megabytes, and the most that the process itself has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) used_mb: u64,
    pub(super) peak_mb: u64,
}

/// The memory of the process `pid` with its children.
pub(super) fn of(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let alone = Memory {
        used_mb: mb(&status, "VmRSS:")?,
        peak_mb: mb(&status, "VmHWM:").unwrap_or(0),
    };
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(parent) = family.get(next) {
        family.extend(children(*parent));
        next += 1;
    }
    if family.len() == 1 {
        return Some(alone);
    }
    // Forked processes share pages, which count once.
    let used_mb = family.into_iter().filter_map(share).sum();
    Some(Memory {
        used_mb,
        peak_mb: alone.peak_mb.max(used_mb),
    })
}

fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let listed =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let all: String = listed.collect();
    all.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

fn share(pid: u32) -> Option<u64> {
    let sums = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    mb(&sums, "Pss:")
}

fn mb(lines: &str, key: &str) -> Option<u64> {
    let line = lines.lines().find_map(|line| line.strip_prefix(key))?;
    let kb: u64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kb.div_ceil(1024))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_counted_with_what_it_has_started() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        assert!(children(std::process::id()).contains(&child.id()));
        let both = of(std::process::id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(both.used_mb > 0 && both.peak_mb >= both.used_mb, "{both:?}");
        assert_eq!(of(child.id()), None, "it has ended");
    }
}
