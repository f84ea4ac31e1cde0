//! P17: a `user_dialled` is followed by a `dial` that was carried out, or by a record that it was taken back before anything showed that it was.

use std::collections::BTreeSet;

use ringfence::values::effect::{DialWithdrawn, Party};
use ringfence::values::id::LegId;

use super::books::{Books, LegState};
use super::{Judged, Notes, Promise};

/// The users' legs of which nothing shows that their `dial` was carried out: it is not confirmed, and no report came.
pub(super) fn untold(books: &Books) -> BTreeSet<LegId> {
    let of_users = books.legs.iter().filter(|(_, leg)| leg.party == Party::User).map(|(id, _)| *id);
    of_users.filter(|id| books.waits_for_its_dial(*id)).collect()
}

/// A record says that a `dial` was taken back.
pub(super) fn recorded(books: &Books, record: &DialWithdrawn, notes: &mut Notes) -> Judged {
    let id = record.leg;
    let broken =
        |what: &str| Err((Promise::P17, format!("an audit record says that the dial of leg {id} was taken back, and {what}")));
    let is_so = books.waits_for_its_dial(id) || notes.overdue_legs.contains(&id) || notes.undialled.contains(&id);
    if !notes.untold.contains(&id) || !is_so {
        return broken("it was carried out, or is no user's");
    }
    if books.legs.get(&id).is_some_and(|leg| leg.call != Some(record.call)) {
        return broken("it names another call");
    }
    if !notes.withdrawn.insert(id) { broken("one said so before") } else { Ok(()) }
}

/// A leg is hung up: if nothing showed that its `dial` was carried out, the record stands before.
pub(super) fn before_hang_up(books: &Books, id: LegId, notes: &Notes) -> Judged {
    let is_untold = notes.untold.contains(&id) && books.waits_for_its_dial(id);
    if is_untold && !notes.withdrawn.contains(&id) {
        return Err((Promise::P17, format!("the dial of leg {id} is taken back, and no audit record says so")));
    }
    Ok(())
}

/// At the end of a step: what a resync left out is recorded, and what is recorded was ended.
pub(super) fn all_recorded(books: &Books, notes: &Notes) -> Judged {
    if let Some(id) = notes.undialled.difference(&notes.withdrawn).next() {
        return Err((Promise::P17, format!("leg {id} was not dialled, and no audit record says so")));
    }
    let rings = |id: &&LegId| books.legs.get(*id).is_some_and(|leg| leg.state == LegState::Ringing);
    match notes.withdrawn.iter().find(rings) {
        Some(id) => Err((Promise::P17, format!("an audit record says that the dial of leg {id} was taken back, and it was not"))),
        None => Ok(()),
    }
}
