//! What a user may do with his reservation, and the page to manage it.

use alloc::string::ToString as _;

use super::{Language, Lines, Span, outcome, plain, reservation_state, window};
use crate::values::effect::{BookingResult, ManagePage, ReservationAction};

/// A button (确认预约, 修改预约信息, 取消预约).
#[must_use]
pub const fn reservation_action(action: ReservationAction, language: Language) -> &'static str {
    match action {
        ReservationAction::Acknowledge => language.pick("确认预约", "Confirm"),
        ReservationAction::Amend => language.pick("修改预约信息", "Change"),
        ReservationAction::Cancel => language.pick("取消预约", "Cancel"),
    }
}

impl Lines {
    /// One line for each button.
    pub(super) fn actions(&mut self, actions: &[ReservationAction]) {
        for action in actions {
            let words = reservation_action(*action, self.language);
            self.line(format_args!("[{words}]"));
        }
    }

    pub(super) fn reminder(&mut self, result: &BookingResult) {
        let (start, end) = Span::new(&result.window, result.zone).bounds(self.language);
        let line = result.line.dialable();
        match self.language {
            Language::Chinese => self.line(format_args!("提醒：请注意{start}-{end}间接听{line}来电")),
            Language::English => {
                self.line(format_args!("A reminder: please expect a call from {line} between {start} and {end}."))
            }
        }
        self.call_to_come(result)
    }

    pub(super) fn manage_page(&mut self, page: &ManagePage) {
        let (id, colon) = (page.reservation, self.language.pick("：", ": "));
        let state = match page.outcome {
            Some(how) => outcome(how, self.language),
            None => reservation_state(page.state, self.language).to_string(),
        };
        match self.language {
            Language::Chinese => self.line(format_args!("预约{id}{colon}{state}")),
            Language::English => self.line(format_args!("Reservation {id}{colon}{state}")),
        }
        self.time(&page.terms.window, page.terms.zone);
        self.detail("产品或服务", "About", &plain(&page.terms.offering_name));
        if let Some(terms) = &page.waiting {
            let when = window(&terms.window, terms.zone, self.language);
            self.detail("通话结束后改为", "After this call", &when);
            self.detail("产品或服务（修改后）", "About (after this call)", &plain(&terms.offering_name));
        }
        self.detail("商户", "Merchant", &plain(&page.merchant_name));
        self.detail("来电号码", "Number that calls", &page.line.dialable());
        if let Some(contact) = &page.contact {
            self.detail("联系人", "Contact", &plain(contact));
        }
        if let Some(address) = &page.address {
            self.detail("地址", "Address", &plain(address));
        }
        self.actions(&page.actions)
    }
}
