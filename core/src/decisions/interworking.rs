//! How SIP statuses and Q.850 causes are turned into each other: by the standard, and by the two switches.
//!
//! The switches differ from the standard and from each other, and most causes do not survive one hop: "subscriber absent" (20), the cause
//! behind 关机 and 不在服务区, comes back as 18 or 19. Who reads a cause must therefore know whether it is the network's own or a switch's translation:
//! [`Table::statuses_behind`] says what may stand behind a translated one.
//!
//! Sources: RFC 3398 §7.2.4.1 and §8.2.6.1; FreeSWITCH `mod_sofia.c` `hangup_cause_to_sip` and `sofia_glue.c` `sofia_glue_sip_cause_to_freeswitch`;
//! Asterisk `chan_pjsip.c` `hangup_cause2sip` and `res_pjsip.c` `ast_sip_hangup_sip2cause`.

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

/// What FreeSWITCH makes of a cause that its table does not name.
const FREESWITCH_OTHER_SIP: u16 = 480;
/// What FreeSWITCH makes of a failure status that its table does not name: `NORMAL_UNSPECIFIED`.
const FREESWITCH_OTHER_CAUSE: u16 = 31;

impl Table {
    /// Every table.
    pub const ALL: [Self; 3] = [Self::Rfc3398, Self::Freeswitch, Self::Asterisk];

    /// The SIP status that a failed call with this Q.850 cause gets; none when the table has none (Asterisk sends 0 then).
    #[must_use]
    pub const fn sip_of(self, cause: u16) -> Option<u16> {
        match self {
            Self::Rfc3398 => Some(rfc_3398_sip(cause)),
            Self::Freeswitch => Some(freeswitch_sip(cause)),
            Self::Asterisk => asterisk_sip(cause),
        }
    }

    /// The Q.850 cause (for FreeSWITCH also one of its own, above 127) that a call with this failure status ends with; none when the table has none.
    #[must_use]
    pub const fn cause_of(self, status: u16) -> Option<u16> {
        match self {
            Self::Rfc3398 => rfc_3398_cause(status),
            Self::Freeswitch => Some(match freeswitch_cause(status) {
                Some(cause) => cause,
                None => FREESWITCH_OTHER_CAUSE,
            }),
            Self::Asterisk => Some(match asterisk_cause(status) {
                Some(cause) => cause,
                None => match status {
                    400..=499 | 600..=699 => 127,
                    500..=599 => 34,
                    _ => 16,
                },
            }),
        }
    }

    /// Whether the table names this failure status; otherwise it falls to the table's default.
    #[must_use]
    pub const fn names(self, status: u16) -> bool {
        match self {
            Self::Rfc3398 => rfc_3398_cause(status).is_some(),
            Self::Freeswitch => freeswitch_cause(status).is_some(),
            Self::Asterisk => asterisk_cause(status).is_some(),
        }
    }

    /// The failure statuses that this table names and turns into `cause`: what may stand behind it when it is a translation.
    pub fn statuses_behind(self, cause: u16) -> impl Iterator<Item = u16> {
        (400..=699).filter(move |status| self.names(*status) && self.cause_of(*status) == Some(cause))
    }
}

const fn rfc_3398_sip(cause: u16) -> u16 {
    match cause {
        1..=3 | 26 => 404,
        17 => 486,
        18 => 408,
        19 | 20 | 31 => 480,
        21 | 55 | 57 | 87 => 403,
        22 | 23 => 410,
        27 => 502,
        28 => 484,
        29 | 79 => 501,
        34 | 38 | 41 | 42 | 47 | 58 | 88 => 503,
        65 | 70 => 488,
        102 => 504,
        _ => 500,
    }
}

const fn freeswitch_sip(cause: u16) -> u16 {
    match cause {
        1..=3 => 404,
        17 => 486,
        18 => 408,
        21 | 816 | 825 => 603,
        22 | 23 => 410,
        25 => 483,
        27 => 502,
        28 => 484,
        29 | 69 | 79 => 501,
        34 | 38 | 41 | 42 | 44 | 58 => 503,
        52 | 54 | 57 | 824 => 403,
        65 | 88 => 488,
        102 => 504,
        815 => 600,
        817 => 604,
        818 => 606,
        819 => 607,
        820 => 428,
        821 => 429,
        822 => 437,
        823 => 438,
        _ => FREESWITCH_OTHER_SIP,
    }
}

const fn asterisk_sip(cause: u16) -> Option<u16> {
    Some(match cause {
        1..=3 => 404,
        17 => 486,
        18 => 408,
        19 | 20 | 31 => 480,
        21 => 403,
        22 => 410,
        23 => 302,
        27 => 502,
        28 => 484,
        29 => 501,
        34 | 42 | 66 => 503,
        38 | 127 => 500,
        58 => 488,
        _ => return None,
    })
}

const fn rfc_3398_cause(status: u16) -> Option<u16> {
    Some(match status {
        400 | 481 | 500 | 503 => 41,
        401..=403 | 407 | 603 => 21,
        404 | 485 | 604 => 1,
        405 => 63,
        406 | 415 | 501 => 79,
        408 | 504 => 102,
        410 => 22,
        413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => 127,
        480 => 18,
        482 | 483 => 25,
        484 => 28,
        486 | 600 => 17,
        // With a Warning header another one (RFC 3398 §8.2.6.1); the warning is not ours to read.
        488 | 606 => 31,
        502 => 38,
        _ => return None,
    })
}

const fn freeswitch_cause(status: u16) -> Option<u16> {
    Some(match status {
        401..=403 | 407 | 603 | 608 => 21,
        404 => 1,
        485 | 604 => 3,
        408 | 504 => 102,
        410 => 22,
        413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => 127,
        480 => 18,
        400 | 481 | 500 | 503 => 41,
        486 | 600 => 17,
        484 => 28,
        488 | 606 => 88,
        502 => 38,
        405 => 63,
        406 | 415 | 501 => 79,
        482 | 483 => 25,
        487 => 487,
        607 => 819,
        428 => 820,
        429 => 821,
        437 => 822,
        438 => 823,
        _ => return None,
    })
}

const fn asterisk_cause(status: u16) -> Option<u16> {
    Some(match status {
        302 => 23,
        401 | 403 | 407 | 603 => 21,
        404 | 485 | 604 => 1,
        405 | 411 | 413 | 414 | 415 | 481 | 482 | 487 | 491 | 493 | 505 => 127,
        408 => 18,
        409 => 41,
        410 => 22,
        420 => 3,
        480 | 483 => 19,
        484 => 28,
        486 | 600 => 17,
        488 | 606 => 58,
        500 => 38,
        501 => 29,
        502 => 27,
        503 => 34,
        504 => 102,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Table;

    /// The cause after one hop over a switch: out as a status, in again as a cause.
    fn after_a_hop(table: Table, cause: u16) -> Option<u16> {
        table.sip_of(cause).and_then(|status| table.cause_of(status))
    }

    /// The causes that a switch's table names when it sends.
    fn named(table: Table) -> Vec<u16> {
        let other = match table {
            Table::Freeswitch => Some(480),
            Table::Rfc3398 => Some(500),
            Table::Asterisk => None,
        };
        // 31 and its like are sent as the default, too, and are named.
        let by_default = [18, 19, 20, 31];
        (1..=127).filter(|cause| table.sip_of(*cause) != other || by_default.contains(cause)).collect()
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
            assert_eq!(Table::Asterisk.sip_of(unmapped), None, "{unmapped}");
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
}
