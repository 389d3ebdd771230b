// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Interrupts: the summary, and then the end, at once.

use crate::{
    report::{
        lock,
        Report, //
    },
    trouble::{
        plain,
        Trouble, //
    },
};
use signal_hook::{
    consts::{
        SIGINT,
        SIGTERM, //
    },
    iterator::Signals,
    low_level::{
        emulate_default_handler,
        signal_name, //
    },
};
use std::{
    sync::{
        mpsc,
        Arc,
        Mutex, //
    },
    thread,
    time::Duration,
};

/// How long it may take to say how far it came. Nobody may be reading it.
const PATIENCE: Duration = Duration::from_secs(1);

/// From now on a signal that ends the command has it say before how far it came.
///
/// A call that is under way does not hear of signals that do not kill. So this is done by a thread of its
/// own, which then has the signal kill the process, as whoever waits for it expects; and the call with it.
pub fn watch(report: Arc<Mutex<Report>>) -> Result<(), Trouble> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Trouble::Other(format!("signals cannot be caught: {}", plain(error))))?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let (tell, told) = mpsc::channel();
            let report = report.clone();
            thread::spawn(move || {
                // Whether it can be told or not.
                let _ = lock(&report).finish(signal_name(signal));
                let _ = tell.send(());
            });
            let _ = told.recv_timeout(PATIENCE);
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}
