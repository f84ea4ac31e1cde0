//! WeChat: requests out, answers and events in.

use pyo3::prelude::*;
use ringfence::edges::interop::wechat;
use ringfence::edges::interop::wechat::{MiniProgram, Subscription, Template};
use ringfence::edges::json::write;

use crate::errors::value;
use crate::words::run;

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn program(given: Option<&(String, String)>) -> Option<MiniProgram<'_>> {
    given.map(|(app, page)| MiniProgram { app, page })
}

/// The body of the request that sends a template message, and what was cut or stripped.
#[pyfunction]
pub(crate) fn wechat_template(
    py: Python<'_>,
    account: &str,
    template: &str,
    client_message: &str,
    url: &str,
    mini_program: Option<(String, String)>,
    fields: Vec<(String, String)>,
) -> PyResult<String> {
    run(py, || {
        let (mini_program, fields) = (program(mini_program.as_ref()), &*borrowed(&fields));
        let message = Template { account, template, client_message, url, mini_program, fields };
        Ok(write(&wechat::template_request(&message).map_err(value)?))
    })
}

/// The body of the request that sends a subscription notice, and what was cut or stripped.
#[pyfunction]
pub(crate) fn wechat_subscription(
    py: Python<'_>,
    account: &str,
    template: &str,
    url: &str,
    mini_program: Option<(String, String)>,
    fields: Vec<(String, String)>,
) -> PyResult<String> {
    run(py, || {
        let (mini_program, fields) = (program(mini_program.as_ref()), &*borrowed(&fields));
        let message = Subscription { account, template, url, mini_program, fields };
        Ok(write(&wechat::subscription_request(&message).map_err(value)?))
    })
}

/// What WeChat said to a request.
#[pyfunction]
pub(crate) fn wechat_answer(py: Python<'_>, body: &[u8]) -> PyResult<String> {
    run(py, || Ok(write(&wechat::answer(body).map_err(value)?)))
}

/// What WeChat posted.
#[pyfunction]
pub(crate) fn wechat_event(py: Python<'_>, body: &[u8]) -> PyResult<String> {
    run(py, || Ok(write(&wechat::event(body).map_err(value)?)))
}
