//! How SIP statuses and Q.850 causes are turned into each other: by the standard, and by the two switches.
//!
//! The switches differ from the standard and from each other, and most causes do not survive one hop: "subscriber absent" (20), the cause
//! behind 关机 and 不在服务区, comes back as 18 or 19. Who reads a cause must therefore know whether it is the network's own or a switch's translation:
//! [`Table::statuses_behind`] says what may stand behind a translated one.

use crate::values::evidence::Location;

/// Whose table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// RFC 3398.
    Rfc3398,
    /// FreeSWITCH.
    Freeswitch,
    /// Asterisk.
    Asterisk,
}

/// Numbers of one side and what each becomes on the other; who says so.
type Rows = &'static [(&'static [u16], u16, &'static str)];

impl Table {
    /// Every table.
    pub const ALL: [Self; 3] = [Self::Rfc3398, Self::Freeswitch, Self::Asterisk];

    /// The SIP status that a failed call with this Q.850 cause gets; none when the table has none (Asterisk sends 0 then). The standard sends 603 for a
    /// rejection by the called phone itself; the switches look at no location.
    #[must_use]
    pub fn sip_of(self, cause: u16, location: Option<Location>) -> Option<u16> {
        match self {
            Self::Rfc3398 if cause == 21 && location == Some(Location::User) => Some(603),
            Self::Rfc3398 | Self::Freeswitch | Self::Asterisk => look_up(self.sending(), cause).or(self.other_sip()),
        }
    }

    /// The Q.850 cause (for FreeSWITCH also one of its own, above 127) that a call with this failure status ends with; none when the table has none.
    #[must_use]
    pub fn cause_of(self, status: u16) -> Option<u16> {
        look_up(self.receiving(), status).or(match self {
            Self::Rfc3398 => None,
            // NORMAL_UNSPECIFIED.
            Self::Freeswitch => Some(31),
            Self::Asterisk => Some(match status {
                400..=499 | 600..=699 => 127,
                500..=599 => 34,
                _ => 16,
            }),
        })
    }

    /// Whether the table names this failure status; otherwise it falls to the table's default.
    #[must_use]
    pub fn names(self, status: u16) -> bool {
        status >= 300 && look_up(self.receiving(), status).is_some()
    }

    /// Whether the table names this cause where it sends; otherwise it falls to the table's default.
    #[must_use]
    pub fn names_cause(self, cause: u16) -> bool {
        look_up(self.sending(), cause).is_some()
    }

    /// The failure statuses that this table turns into `cause`, by name or by its default: what may stand behind it when it is a translation.
    pub fn statuses_behind(self, cause: u16) -> impl Iterator<Item = u16> {
        (400..=699).filter(move |status| self.cause_of(*status) == Some(cause))
    }

    /// What is sent for a cause that the table does not name.
    const fn other_sip(self) -> Option<u16> {
        match self {
            Self::Rfc3398 => Some(500),
            Self::Freeswitch => Some(480),
            Self::Asterisk => None,
        }
    }

    const fn sending(self) -> Rows {
        match self {
            Self::Rfc3398 => RFC_3398_SENDING,
            Self::Freeswitch => FREESWITCH_SENDING,
            Self::Asterisk => ASTERISK_SENDING,
        }
    }

    const fn receiving(self) -> Rows {
        match self {
            Self::Rfc3398 => RFC_3398_RECEIVING,
            Self::Freeswitch => FREESWITCH_RECEIVING,
            Self::Asterisk => ASTERISK_RECEIVING,
        }
    }
}

fn look_up(rows: Rows, number: u16) -> Option<u16> {
    rows.iter().find(|(from, _, _)| from.contains(&number)).map(|(_, to, _)| *to)
}

const RFC_OUT: &str = "RFC 3398 §7.2.4.1";
const RFC_3398_SENDING: Rows = &[
    (&[1, 2, 3], 404, RFC_OUT),
    (&[17], 486, RFC_OUT),
    (&[18], 408, RFC_OUT),
    (&[19, 20], 480, RFC_OUT),
    // 603 when the called phone itself rejected it.
    (&[21], 403, RFC_OUT),
    // 301 with a new number in its diagnostic, which is not ours to read.
    (&[22, 23], 410, RFC_OUT),
    (&[26], 404, RFC_OUT),
    (&[27], 502, RFC_OUT),
    (&[28], 484, RFC_OUT),
    (&[29], 501, RFC_OUT),
    (&[31], 480, RFC_OUT),
    (&[34, 38, 41, 42, 47], 503, RFC_OUT),
    (&[55, 57], 403, RFC_OUT),
    (&[58], 503, RFC_OUT),
    (&[65, 70], 488, RFC_OUT),
    (&[79], 501, RFC_OUT),
    (&[87], 403, RFC_OUT),
    (&[88], 503, RFC_OUT),
    (&[102], 504, RFC_OUT),
    (&[111, 127], 500, RFC_OUT),
];

const FS_OUT: &str = "FreeSWITCH mod_sofia.c, hangup_cause_to_sip";
const FREESWITCH_SENDING: Rows = &[
    (&[1, 2, 3], 404, FS_OUT),
    (&[17], 486, FS_OUT),
    (&[18], 408, FS_OUT),
    (&[19, 20], 480, FS_OUT),
    (&[21], 603, FS_OUT),
    (&[22, 23], 410, FS_OUT),
    (&[25], 483, FS_OUT),
    (&[27], 502, FS_OUT),
    (&[28], 484, FS_OUT),
    (&[29, 69, 79], 501, FS_OUT),
    (&[31], 480, FS_OUT),
    (&[34, 38, 41, 42, 44, 58], 503, FS_OUT),
    (&[52, 54, 57], 403, FS_OUT),
    (&[65, 88], 488, FS_OUT),
    (&[102], 504, FS_OUT),
    (&[815], 600, FS_OUT),
    (&[816, 825], 603, FS_OUT),
    (&[817], 604, FS_OUT),
    (&[818], 606, FS_OUT),
    (&[819], 607, FS_OUT),
    (&[820], 428, FS_OUT),
    (&[821], 429, FS_OUT),
    (&[822], 437, FS_OUT),
    (&[823], 438, FS_OUT),
    (&[824], 403, FS_OUT),
];

const AST_OUT: &str = "Asterisk chan_pjsip.c, hangup_cause2sip";
const ASTERISK_SENDING: Rows = &[
    (&[1, 2, 3], 404, AST_OUT),
    (&[17], 486, AST_OUT),
    (&[18], 408, AST_OUT),
    (&[19, 20, 31], 480, AST_OUT),
    (&[21], 403, AST_OUT),
    (&[22], 410, AST_OUT),
    (&[23], 302, AST_OUT),
    (&[27], 502, AST_OUT),
    (&[28], 484, AST_OUT),
    (&[29], 501, AST_OUT),
    (&[34, 42, 66], 503, AST_OUT),
    (&[38, 127], 500, AST_OUT),
    (&[58], 488, AST_OUT),
];

const RFC_IN: &str = "RFC 3398 §8.2.6.1";
const RFC_3398_RECEIVING: Rows = &[
    (&[400, 481, 500, 503], 41, RFC_IN),
    (&[401, 402, 403, 407, 603], 21, RFC_IN),
    (&[404, 485, 604], 1, RFC_IN),
    (&[405], 63, RFC_IN),
    (&[406, 415, 501], 79, RFC_IN),
    (&[408, 504], 102, RFC_IN),
    (&[410], 22, RFC_IN),
    (&[413, 414, 416, 420, 421, 423, 505, 513], 127, RFC_IN),
    (&[480], 18, RFC_IN),
    (&[482, 483], 25, RFC_IN),
    (&[484], 28, RFC_IN),
    (&[486, 600], 17, RFC_IN),
    // With a Warning header another one; the warning is not ours to read.
    (&[488, 606], 31, RFC_IN),
    (&[502], 38, RFC_IN),
];

const FS_IN: &str = "FreeSWITCH sofia_glue.c, sofia_glue_sip_cause_to_freeswitch";
const FREESWITCH_RECEIVING: Rows = &[
    (&[200], 16, FS_IN),
    (&[401, 402, 403, 407, 603, 608], 21, FS_IN),
    (&[404], 1, FS_IN),
    (&[485, 604], 3, FS_IN),
    (&[408, 504], 102, FS_IN),
    (&[410], 22, FS_IN),
    (&[413, 414, 416, 420, 421, 423, 505, 513], 127, FS_IN),
    (&[480], 18, FS_IN),
    (&[400, 481, 500, 503], 41, FS_IN),
    (&[486, 600], 17, FS_IN),
    (&[484], 28, FS_IN),
    (&[488, 606], 88, FS_IN),
    (&[502], 38, FS_IN),
    (&[405], 63, FS_IN),
    (&[406, 415, 501], 79, FS_IN),
    (&[482, 483], 25, FS_IN),
    (&[487], 487, FS_IN),
    (&[607], 819, FS_IN),
    (&[428], 820, FS_IN),
    (&[429], 821, FS_IN),
    (&[437], 822, FS_IN),
    (&[438], 823, FS_IN),
];

const AST_IN: &str = "Asterisk res_pjsip.c, ast_sip_hangup_sip2cause";
const ASTERISK_RECEIVING: Rows = &[
    (&[302], 23, AST_IN),
    (&[401, 403, 407, 603], 21, AST_IN),
    (&[404, 485, 604], 1, AST_IN),
    (&[405, 411, 413, 414, 415, 481, 482, 487, 491, 493, 505], 127, AST_IN),
    (&[408], 18, AST_IN),
    (&[409], 41, AST_IN),
    (&[410], 22, AST_IN),
    (&[420], 3, AST_IN),
    (&[480, 483], 19, AST_IN),
    (&[484], 28, AST_IN),
    (&[486, 600], 17, AST_IN),
    (&[488, 606], 58, AST_IN),
    (&[500], 38, AST_IN),
    (&[501], 29, AST_IN),
    (&[502], 27, AST_IN),
    (&[503], 34, AST_IN),
    (&[504], 102, AST_IN),
];

/// The word in which Asterisk's `Dial` sums a failure up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialStatus {
    /// `BUSY`.
    Busy,
    /// `CONGESTION`.
    Congestion,
    /// `NOANSWER`.
    NoAnswer,
    /// `CHANUNAVAIL`.
    ChanUnavail,
}

const DIAL: &str = "Asterisk app_dial.c, handle_cause";
const DIAL_STATUSES: [(&[u16], DialStatus, &str); 4] = [
    (&[17], DialStatus::Busy, DIAL),
    (&[34], DialStatus::Congestion, DIAL),
    (&[16, 19], DialStatus::NoAnswer, DIAL),
    (&[1, 3, 18, 20, 21, 22, 27, 28, 38, 41], DialStatus::ChanUnavail, DIAL),
];

/// Asterisk's DIALSTATUS for a cause; none for one that is not known to the list. It puts most reasons into one word, so it is no evidence: use
/// `HANGUPCAUSE` and `tech_cause`.
#[must_use]
pub fn dial_status(cause: u16) -> Option<DialStatus> {
    DIAL_STATUSES.iter().find(|(causes, _, _)| causes.contains(&cause)).map(|(_, word, _)| *word)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{DialStatus, Rows, Table, dial_status};
    use crate::decisions::diagnosis::tables;
    use crate::values::evidence::Location;

    /// The cause after one hop over a switch: out as a status, in again as a cause.
    fn after_a_hop(table: Table, cause: u16) -> Option<u16> {
        table.sip_of(cause, None).and_then(|status| table.cause_of(status))
    }

    /// The causes that a switch's table names when it sends.
    fn named(table: Table) -> Vec<u16> {
        (1..=127).filter(|cause| table.names_cause(*cause)).collect()
    }

    #[test]
    fn freeswitch_keeps_ten_causes_over_one_hop() {
        let kept: Vec<u16> =
            named(Table::Freeswitch).into_iter().filter(|cause| after_a_hop(Table::Freeswitch, *cause) == Some(*cause)).collect();
        assert_eq!(kept, [1, 17, 21, 22, 25, 28, 41, 79, 88, 102]);
    }

    #[test]
    fn freeswitch_loses_the_others_to_these() {
        let lost = [
            (&[2, 3][..], 1),
            (&[18], 102),
            (&[19, 20, 31], 18),
            (&[23], 22),
            (&[27], 38),
            (&[29, 69], 79),
            (&[34, 38, 42, 44, 58], 41),
            (&[52, 54, 57], 21),
            (&[65], 88),
        ];
        for (causes, to) in lost {
            for cause in causes {
                assert_eq!(after_a_hop(Table::Freeswitch, *cause), Some(to), "{cause}");
            }
        }
    }

    #[test]
    fn asterisk_keeps_thirteen_and_loses_the_others() {
        let kept: Vec<u16> =
            named(Table::Asterisk).into_iter().filter(|cause| after_a_hop(Table::Asterisk, *cause) == Some(*cause)).collect();
        assert_eq!(kept, [1, 17, 18, 19, 21, 22, 23, 27, 28, 29, 34, 38, 58]);
        for (causes, to) in [(&[2, 3][..], 1), (&[20, 31], 19), (&[42, 66], 34), (&[127], 38)] {
            for cause in causes {
                assert_eq!(after_a_hop(Table::Asterisk, *cause), Some(to), "{cause}");
            }
        }
        for unmapped in [41, 47, 55, 57, 65, 79, 88, 102] {
            assert_eq!(Table::Asterisk.sip_of(unmapped, None), None, "{unmapped}");
        }
    }

    #[test]
    fn subscriber_absent_survives_no_hop() {
        assert!(Table::ALL.iter().all(|table| after_a_hop(*table, 20) != Some(20)));
    }

    #[test]
    fn the_switches_disagree_about_most_failures() {
        let named = |table: Table| (400..=699).filter(move |status| table.names(*status));
        let mut either: Vec<u16> = named(Table::Freeswitch).chain(named(Table::Asterisk)).collect();
        either.sort_unstable();
        either.dedup();
        let differ = |status: &u16| Table::Freeswitch.cause_of(*status) != Table::Asterisk.cause_of(*status);
        assert_eq!(either.len(), 47);
        assert_eq!(either.iter().filter(|status| differ(status)).count(), 31);
        let both: Vec<u16> = either
            .into_iter()
            .filter(|status| Table::Freeswitch.names(*status) && Table::Asterisk.names(*status) && differ(status))
            .collect();
        assert_eq!(both, [405, 408, 415, 420, 480, 481, 482, 483, 485, 487, 488, 500, 501, 502, 503, 604, 606]);
    }

    #[test]
    fn what_stands_behind_a_translated_cause_translates_to_it() {
        let behind: Vec<u16> = Table::Asterisk.statuses_behind(19).collect();
        assert_eq!(behind, [480, 483]);
        for table in Table::ALL {
            for cause in 1..=127 {
                assert!(table.statuses_behind(cause).all(|status| table.cause_of(status) == Some(cause)));
            }
        }
    }

    #[test]
    fn every_number_stands_once_in_a_table_and_every_row_has_a_source() {
        for table in Table::ALL {
            for rows in [table.sending(), table.receiving()] {
                let rows: Rows = rows;
                let mut all: Vec<u16> = rows.iter().flat_map(|(from, _, _)| from.iter().copied()).collect();
                let count = all.len();
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), count, "{table:?}");
                assert!(rows.iter().all(|(_, _, source)| !source.is_empty()));
            }
        }
    }

    #[test]
    fn the_standard_both_ways_keeps_what_it_keeps() {
        let kept: Vec<u16> =
            named(Table::Rfc3398).into_iter().filter(|cause| after_a_hop(Table::Rfc3398, *cause) == Some(*cause)).collect();
        assert_eq!(kept, [1, 17, 21, 22, 28, 41, 79, 102]);
        assert_eq!(Table::Rfc3398.sip_of(21, Some(Location::User)), Some(603));
        assert_eq!(Table::Rfc3398.sip_of(21, Some(Location::RemotePublic)), Some(403));
        // FreeSWITCH says 603 whoever rejected it.
        assert_eq!(Table::Freeswitch.sip_of(21, Some(Location::RemotePublic)), Some(603));
    }

    #[test]
    fn freeswitch_sends_its_default_where_the_standard_has_more_to_say() {
        for cause in [26, 47, 55, 70, 87, 111, 127] {
            assert!(Table::Rfc3398.names_cause(cause) && !Table::Freeswitch.names_cause(cause), "{cause}");
            assert_eq!(Table::Freeswitch.sip_of(cause, None), Some(480), "{cause}");
        }
    }

    #[test]
    fn the_same_480_is_another_cause_on_each_switch() {
        assert_eq!(Table::Freeswitch.cause_of(480), Some(18));
        assert_eq!(Table::Asterisk.cause_of(480), Some(19));
    }

    #[test]
    fn dialstatus_cannot_drive_the_fallback() {
        let reasons = |word: DialStatus| {
            let mut reasons: Vec<_> = (1..=127)
                .filter(|cause| dial_status(*cause) == Some(word))
                .filter_map(|cause| tables::q850(cause, None))
                .map(|meaning| meaning.reason)
                .collect();
            reasons.sort_unstable();
            reasons.dedup();
            reasons
        };
        // Off, declined, wrong number, no answer and a fault of the network are one word.
        assert_eq!(reasons(DialStatus::ChanUnavail).len(), 5);
        let collapsed: Vec<u16> = (1..=127).filter(|cause| dial_status(*cause) == Some(DialStatus::ChanUnavail)).collect();
        assert_eq!(collapsed, [1, 3, 18, 20, 21, 22, 27, 28, 38, 41]);
        // A caller who gave up reads like one whom nobody answered.
        assert_eq!(dial_status(16), dial_status(19));
    }
}
