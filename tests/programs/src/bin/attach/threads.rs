// SPDX-License-Identifier: GPL-2.0

//! Numbers: of threads, of the kernel's own, and of nobody.

use super::target::{
    argument,
    as_user,
    assert_whose,
    attach,
    attach_through,
    attaches,
    attaches_to_process_of,
    without_yama,
    Target,
    SOMEBODY, //
};
use nix::errno::Errno;
use std::{
    fs,
    thread, //
};
use vm_map_sync::{
    Map,
    Whose, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    patience::wait_until,
    process::{
        become_user,
        live_on_in_a_thread, //
    },
    program,
};

pub fn numbers_of_nobody() -> Verdict {
    let door = Map::current()?;
    let pid_max: i32 = fs::read_to_string("/proc/sys/kernel/pid_max")?
        .trim()
        .parse()?;
    for number in [0, -1, i32::MIN, pid_max, pid_max + 1, i32::MAX] {
        let errno = attach_through(&door, &argument(number)).map(drop);
        assert_eq!(errno, Err(Errno::ESRCH), "number {number}");
    }
    Ok(())
}

pub fn kernel_thread() -> Verdict {
    assert_eq!(fs::read_to_string("/proc/2/comm")?, "kthreadd\n");
    assert_eq!(attach(2).err(), Some(libc::ESRCH));
    Ok(())
}

/// The numbers of the other threads of a process.
fn others(process: u32) -> Result<Vec<u32>, Failure> {
    let mut threads = Vec::new();
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let number = entry?.file_name().to_string_lossy().parse()?;
        if number != process {
            threads.push(number);
        }
    }
    Ok(threads)
}

fn the_other(process: u32) -> Result<u32, Failure> {
    match others(process)?[..] {
        [other] => Ok(other),
        ref threads => Err(Failure::Failed(format!("threads {threads:?}"))),
    }
}

pub fn thread_stands_for_its_process() -> Verdict {
    let _yama = without_yama()?;
    let target = Target::new(|| {
        become_user(SOMEBODY, SOMEBODY)?;
        thread::spawn(|| loop {
            thread::park();
        });
        Ok(())
    })?;
    let thread = the_other(target.number())?;
    as_user(SOMEBODY, &[], || {
        attaches(target.number());
        attaches_to_process_of(thread, target.number());
        Ok(())
    })
}

/// The first thread of a process can end before the others; then it has nothing, as in `/proc`, but they
/// have all.
pub fn process_without_its_first_thread() -> Verdict {
    let target = Target::spawn(|line| Ok(live_on_in_a_thread(line)?))?;
    target.child().wait_for_state('Z')?;
    let number = target.number();
    assert_eq!(attach(number).err(), Some(libc::ESRCH));
    let map = attaches_to_process_of(the_other(number)?, number);
    target.end()?;
    assert_whose(&map, Whose::Dead, None);
    Ok(())
}

/// It takes the place of the first one, and the process is what it was, with another map.
pub fn thread_that_executes_a_program() -> Verdict {
    let target = Target::spawn(|line| {
        thread::scope(|scope| {
            scope.spawn(|| {
                line.send(0)?;
                line.receive()?;
                program::idle()
            });
        });
        Ok(())
    })?;
    target.line().receive()?;
    let number = target.number();
    let thread = the_other(number)?;
    let map = attaches_to_process_of(thread, number);
    target.release()?;
    target.line().receive_end()?;
    wait_until("dead", || {
        Ok::<_, Failure>(map.info()?.whose == Whose::Dead)
    })?;
    assert_whose(&map, Whose::Dead, Some(number));
    // The thread has the number of the process now, and nobody has its own.
    assert_eq!(attach(thread).err(), Some(libc::ESRCH));
    attaches(number);
    Ok(())
}
