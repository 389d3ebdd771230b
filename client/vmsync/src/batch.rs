// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Batches: many pieces in one call, and then in several without those that are refused.

use crate::subject::Piece;
use std::iter;
use vm_map_sync::{
    Fault,
    Flags,
    Map,
    Outcome,
    Reason,
    Target,
    VectorError,
    RANGES_MAX, //
};

/// What became of a piece.
pub type Result = std::result::Result<Outcome, Fault>;

/// Does pieces, and tells what became of each. One that is refused is taken out, and the others are done
/// without it. `flags` says what is to be done to a piece, after all that was told of others before.
///
/// # Errors
///
/// If that cannot go on, for a reason that is none of theirs.
pub fn run(
    map: &Map,
    flags: impl Fn(&Piece) -> Flags,
    pieces: &[Piece],
    mut tell: impl FnMut(&Piece, Result),
) -> std::result::Result<(), VectorError> {
    for pieces in pieces.chunks(RANGES_MAX) {
        let pieces: Vec<&Piece> = pieces.iter().collect();
        divide(
            &pieces,
            &|piece| flags(piece),
            &|flags, pieces| {
                let targets: Vec<Target<'_>> = pieces.iter().map(|piece| piece.target()).collect();
                match map.sync_vectored(&targets, flags) {
                    Ok(outcomes) => Ok(Answer::Each(outcomes.ranges.into_iter().map(Ok).collect())),
                    Err(VectorError::Failed { ranges, .. }) => Ok(Answer::Each(ranges.into_vec())),
                    Err(VectorError::Refused(fault)) => match blame(&fault) {
                        Some(blame) => Ok(Answer::Refused(blame, Err(fault))),
                        None => Err(VectorError::Refused(fault)),
                    },
                    Err(error) => Err(error),
                }
            },
            &mut |piece, result| tell(piece, result),
        )?;
    }
    Ok(())
}

/// What a call said of some pieces.
enum Answer<R> {
    /// It was done; what became of each.
    Each(Vec<R>),
    /// It was refused, for this.
    Refused(Blame, R),
}

/// What is to blame for it.
#[derive(Clone, Copy)]
enum Blame {
    /// One of them.
    One(usize),
    /// That they are so many, or how they overlap.
    Number,
}

fn blame(fault: &Fault) -> Option<Blame> {
    const E2BIG: i32 = rustix::io::Errno::TOOBIG.raw_os_error();

    match (fault.reason, fault.range) {
        (Reason::Memory, _) => Some(Blame::Number),
        (Reason::Argument, _) if fault.errno == E2BIG => Some(Blame::Number),
        (_, range) => range.map(Blame::One),
    }
}

/// Calls with pieces until each was answered: those of one `way` at a time, which can become another one by
/// what is told. Those which are refused are found by halves: however many they are, each piece is looked at a
/// few times.
fn divide<T: Copy, W: PartialEq, R: Clone, E>(
    pieces: &[T],
    way: &impl Fn(T) -> W,
    call: &impl Fn(W, &[T]) -> std::result::Result<Answer<R>, E>,
    tell: &mut impl FnMut(T, R),
) -> std::result::Result<(), E> {
    let Some(first) = pieces.first().map(|&piece| way(piece)) else {
        return Ok(());
    };
    let (mut alike, others): (Vec<T>, Vec<T>) =
        pieces.iter().partition(|&&piece| way(piece) == first);
    let mut halves = true;
    match call(first, &alike)? {
        Answer::Each(results) => {
            iter::zip(&alike, results).for_each(|(&piece, result)| tell(piece, result));
            halves = false;
        }
        Answer::Refused(Blame::Number, _) if alike.len() > 1 => {}
        Answer::Refused(Blame::One(index), result) if index < alike.len() => {
            tell(alike.remove(index), result);
        }
        Answer::Refused(_, result) => {
            alike.iter().for_each(|&piece| tell(piece, result.clone()));
            halves = false;
        }
    }
    if halves {
        let (one, other) = alike.split_at(alike.len() / 2);
        divide(one, way, call, tell)?;
        divide(other, way, call, tell)?;
    }
    divide(&others, way, call, tell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{
        cell::{
            Cell,
            RefCell, //
        },
        convert::Infallible, //
    };

    /// Divides pieces of which some are bad, if a call takes `most` of them. Returns what each was told, and
    /// how many were looked at.
    fn divided(bad: &[bool], most: usize) -> (Vec<Option<bool>>, usize) {
        let pieces: Vec<usize> = (0..bad.len()).collect();
        let mut told = vec![None; bad.len()];
        let looks = Cell::new(0);
        let call = |(), pieces: &[usize]| {
            looks.set(looks.get() + pieces.len());
            Ok::<_, Infallible>(match pieces.iter().position(|&piece| bad[piece]) {
                _ if pieces.len() > most => Answer::Refused(Blame::Number, false),
                Some(index) => Answer::Refused(Blame::One(index), false),
                None => Answer::Each(vec![true; pieces.len()]),
            })
        };
        let done = divide(&pieces, &|_| (), &call, &mut |piece, result| {
            assert_eq!(told[piece].replace(result), None, "{piece} was told twice");
        });
        assert!(done.is_ok());
        (told, looks.get())
    }

    #[test]
    fn one_that_is_too_much_by_itself_is_told() {
        let mut told = Vec::new();
        let call = |(), _: &[u8]| Ok::<_, Infallible>(Answer::Refused(Blame::Number, ()));
        let done = divide(&[1, 2, 3], &|_| (), &call, &mut |piece, ()| {
            told.push(piece);
        });
        assert!(done.is_ok());
        assert_eq!(told, [1, 2, 3]);
    }

    #[test]
    fn what_is_none_of_their_faults_ends_it() {
        let call = |(), _: &[u8]| Err::<Answer<()>, _>("gone");
        let done = divide(&[1, 2], &|_| (), &call, &mut |_, ()| panic!("told"));
        assert_eq!(done, Err("gone"));
    }

    /// What is told of one half changes how the other one is done.
    #[test]
    fn ways_are_those_of_the_moment() {
        let failed = Cell::new(false);
        let calls = RefCell::new(Vec::new());
        let call = |careful: bool, pieces: &[u8]| {
            calls.borrow_mut().push((careful, pieces.to_vec()));
            Ok::<_, Infallible>(match pieces.iter().position(|&piece| piece == 0) {
                Some(index) => Answer::Refused(Blame::One(index), ()),
                None => Answer::Each(vec![(); pieces.len()]),
            })
        };
        let way = |piece: u8| piece > 2 && failed.get();
        let done = divide(&[0, 1, 2, 3], &way, &call, &mut |piece, ()| {
            failed.set(failed.get() || piece == 1);
        });
        assert!(done.is_ok());
        let wanted = [
            (false, vec![0, 1, 2, 3]),
            (false, vec![1]),
            (false, vec![2]),
            (true, vec![3]),
        ];
        assert_eq!(*calls.borrow(), wanted);
    }

    proptest! {
        #[test]
        fn each_is_told_once_and_right(
            bad in prop::collection::vec(any::<bool>(), 0..1100),
            most in 1..2000_usize,
        ) {
            let (told, _) = divided(&bad, most);
            let wanted: Vec<Option<bool>> = bad.iter().map(|bad| Some(!bad)).collect();
            prop_assert_eq!(told, wanted);
        }

        #[test]
        fn many_bad_ones_take_a_few_looks(one_in in 1..1024_usize) {
            let bad: Vec<bool> = (0..1024).map(|piece| piece % one_in == 0).collect();
            let (_, looks) = divided(&bad, usize::MAX);
            prop_assert!(looks <= 1024 * 11, "{looks}");
        }
    }
}
