//! Final SIP statuses.

use super::{Meaning, Row, row, rows};
use crate::decisions::diagnosis::Confidence::{High, Low, Medium};
use crate::values::cause::FailureReason::{
    Blocked, Busy, CallerGaveUp, InvalidNumber, NetworkFault, NoAnswer, OutOfServiceArea, PoweredOff, Rejected, Suspended,
};

const CLIENT: &str = "RFC 3261 §21.4";
const SERVER: &str = "RFC 3261 §21.5";
const GLOBAL: &str = "RFC 3261 §21.6";
const IDENTITY: &str = "RFC 8224 §6.2.2: the network does not trust who calls";

pub(super) const STATUSES: [Row; 32] = [
    row(400, Meaning::only(NetworkFault, Low), CLIENT),
    rows(401, 402, Meaning::only(Blocked, Medium), CLIENT),
    row(
        403,
        Meaning::among(Blocked, Medium, &[Rejected, Suspended]),
        "RFC 3398 §7.2.4.1: causes 21, 55, 57 and 87; a network's rejection",
    ),
    row(
        404,
        Meaning::among(InvalidNumber, Medium, &[Suspended, PoweredOff, NetworkFault]),
        "RFC 3398 §7.2.4.1: causes 1, 2 and 3; registrars that answer so for a phone that is off",
    ),
    rows(405, 406, Meaning::only(NetworkFault, Low), CLIENT),
    row(407, Meaning::only(Blocked, Medium), CLIENT),
    row(
        408,
        Meaning::among(NoAnswer, Medium, &[PoweredOff, OutOfServiceArea]),
        "RFC 3398 §7.2.4.1: cause 18; nothing came back from the phone",
    ),
    row(409, Meaning::only(NetworkFault, Low), CLIENT),
    row(410, Meaning::only(InvalidNumber, High), "RFC 3398 §7.2.4.1: cause 22, number changed"),
    rows(411, 427, Meaning::only(NetworkFault, Low), CLIENT),
    rows(428, 429, Meaning::only(Blocked, Medium), IDENTITY),
    rows(430, 435, Meaning::only(NetworkFault, Low), CLIENT),
    rows(436, 438, Meaning::only(Blocked, Medium), IDENTITY),
    rows(439, 479, Meaning::only(NetworkFault, Low), CLIENT),
    // What is left of "subscriber absent", and of much else, after one hop.
    row(
        480,
        Meaning::among(OutOfServiceArea, Low, &[PoweredOff, Suspended, NoAnswer, Rejected]),
        "RFC 3398 §7.2.4.1: causes 19, 20 and 31; the default of FreeSWITCH",
    ),
    rows(481, 483, Meaning::only(NetworkFault, Low), CLIENT),
    rows(484, 485, Meaning::only(InvalidNumber, High), "RFC 3261 §21.4.22 and §21.4.23"),
    // A phone that is set to do not disturb answers so, too.
    row(486, Meaning::only(Busy, High), "RFC 3261 §21.4.24"),
    row(487, Meaning::only(CallerGaveUp, High), "RFC 3261 §21.4.25"),
    rows(488, 499, Meaning::only(NetworkFault, Low), CLIENT),
    rows(500, 501, Meaning::only(NetworkFault, High), SERVER),
    row(
        502,
        Meaning::among(NetworkFault, Medium, &[PoweredOff, OutOfServiceArea]),
        "RFC 3398 §7.2.4.1: cause 27, destination out of order",
    ),
    row(
        503,
        Meaning::among(NetworkFault, Medium, &[PoweredOff, OutOfServiceArea]),
        "RFC 3261 §21.5.4; seen for phones out of reach",
    ),
    rows(504, 599, Meaning::only(NetworkFault, High), SERVER),
    row(600, Meaning::only(Busy, High), "RFC 3261 §21.6.1"),
    rows(601, 602, Meaning::only(NetworkFault, Low), GLOBAL),
    row(603, Meaning::among(Rejected, High, &[Suspended]), "RFC 3261 §21.6.2; operators that use it for a suspended number, too"),
    row(604, Meaning::only(InvalidNumber, High), "RFC 3261 §21.6.3"),
    rows(605, 606, Meaning::only(NetworkFault, Low), GLOBAL),
    row(607, Meaning::only(Rejected, High), "RFC 8197 §3: the called party does not want it"),
    row(608, Meaning::among(Blocked, High, &[Rejected]), "RFC 8688 §3: an intermediary rejects it"),
    rows(609, 699, Meaning::only(NetworkFault, Low), GLOBAL),
];
