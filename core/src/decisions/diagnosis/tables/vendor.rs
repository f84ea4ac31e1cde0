//! Codes of vendors' interfaces.

use super::{Meaning, Row, mute, row, rows};
use crate::decisions::diagnosis::Confidence::{High, Medium};
use crate::values::cause::FailureReason::{
    Blocked, Busy, CallerGaveUp, InvalidNumber, NetworkFault, NoAnswer, OutOfServiceArea, PoweredOff, Rejected, Suspended,
};

const VMS: &str = "help.aliyun.com, voice messaging, error codes of the operators' receipts";
const VMS_B: &str = "help.aliyun.com, voice messaging, error codes of the operators' receipts: the second leg";

pub(super) const ALIYUN_VMS: [Row; 16] = [
    row(200_002, Meaning::only(Busy, High), VMS),
    row(200_003, Meaning::only(NoAnswer, High), VMS),
    row(200_004, Meaning::only(InvalidNumber, High), VMS),
    // Rejected, mixed with not connected.
    row(200_005, Meaning::among(Rejected, Medium, &[NoAnswer]), VMS),
    row(200_007, Meaning::only(OutOfServiceArea, High), VMS),
    row(200_010, Meaning::only(PoweredOff, High), VMS),
    row(200_011, Meaning::only(Suspended, High), VMS),
    rows(200_104, 200_105, Meaning::only(Blocked, High), VMS),
    row(200_111, Meaning::only(Rejected, High), VMS_B),
    row(200_112, Meaning::only(Busy, High), VMS_B),
    row(200_113, Meaning::only(NoAnswer, High), VMS_B),
    row(200_116, Meaning::only(InvalidNumber, High), VMS_B),
    row(200_117, Meaning::only(Blocked, High), VMS),
    // 时间段限呼.
    row(200_118, Meaning::only(Blocked, High), VMS),
    row(200_120, Meaning::only(OutOfServiceArea, High), VMS_B),
    row(200_121, Meaning::only(NetworkFault, High), VMS),
];

const PRIVATE: &str = "Huawei PrivateNumber, 通话挂机原因值说明";
const VOICE: &str = "Huawei VoiceCall, rtc_05_0022_1";
const OF_THE_CALLER: &str = "Huawei PrivateNumber, 通话挂机原因值说明: it speaks of the caller";

const fn huawei(source: &'static str, suspended: Row) -> [Row; 16] {
    [
        row(522, Meaning::only(NetworkFault, High), source),
        rows(7004, 7005, Meaning::only(Blocked, High), source),
        row(7109, Meaning::only(NetworkFault, High), source),
        rows(7501, 7502, Meaning::only(CallerGaveUp, High), source),
        // Do not disturb and black lists among them.
        rows(7503, 7504, Meaning::among(Rejected, Medium, &[Blocked]), source),
        row(8016, Meaning::only(Blocked, High), source),
        // The platform's own time of 90 seconds.
        row(8035, Meaning::only(NoAnswer, High), source),
        // 8050: 呼叫时段限制.
        rows(8047, 8050, Meaning::only(Blocked, High), source),
        row(8057, Meaning::only(Blocked, High), source),
        row(8100, Meaning::only(InvalidNumber, High), source),
        row(8101, Meaning::only(NoAnswer, High), source),
        row(8102, Meaning::only(Busy, High), source),
        // 被叫信号异常.
        row(8103, Meaning::among(OutOfServiceArea, Medium, &[NetworkFault]), source),
        // 关机、飞行模式、无网络等.
        row(8104, Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]), source),
        suspended,
        mute(8108, OF_THE_CALLER),
    ]
}

pub(super) const HUAWEI_PRIVATE: [Row; 16] = huawei(PRIVATE, row(8105, Meaning::only(Suspended, High), PRIVATE));
/// 8105 here is 被叫挂机或被叫已停机.
pub(super) const HUAWEI_VOICE: [Row; 16] = huawei(VOICE, row(8105, Meaning::among(Suspended, Medium, &[Rejected]), VOICE));

const YUNTONGXUN_LIST: &str = "doc.yuntongxun.com/p/622f01411a471700b2c3759b";

pub(super) const YUNTONGXUN: [Row; 19] = [
    row(1, Meaning::only(PoweredOff, High), YUNTONGXUN_LIST),
    row(2, Meaning::only(Suspended, High), YUNTONGXUN_LIST),
    // 暂时无法接通.
    row(3, Meaning::among(OutOfServiceArea, Medium, &[PoweredOff]), YUNTONGXUN_LIST),
    row(4, Meaning::only(Busy, High), YUNTONGXUN_LIST),
    row(5, Meaning::only(NoAnswer, High), YUNTONGXUN_LIST),
    row(6, Meaning::only(Blocked, High), YUNTONGXUN_LIST),
    // 网络忙: the network, not the callee.
    row(7, Meaning::only(NetworkFault, High), YUNTONGXUN_LIST),
    // 用户忙或拒绝.
    row(8, Meaning::among(Busy, Medium, &[Rejected]), YUNTONGXUN_LIST),
    row(12, Meaning::only(CallerGaveUp, High), YUNTONGXUN_LIST),
    rows(13, 15, Meaning::only(NetworkFault, High), YUNTONGXUN_LIST),
    row(17, Meaning::only(NoAnswer, High), YUNTONGXUN_LIST),
    // 空号;…;用户不在服务区.
    row(18, Meaning::among(InvalidNumber, Medium, &[OutOfServiceArea]), YUNTONGXUN_LIST),
    row(19, Meaning::only(NetworkFault, High), YUNTONGXUN_LIST),
    row(20, Meaning::only(InvalidNumber, High), YUNTONGXUN_LIST),
    row(21, Meaning::only(Blocked, High), YUNTONGXUN_LIST),
    row(24, Meaning::only(OutOfServiceArea, High), YUNTONGXUN_LIST),
    row(30, Meaning::only(Busy, High), YUNTONGXUN_LIST),
    row(33, Meaning::only(NoAnswer, High), YUNTONGXUN_LIST),
    row(35, Meaning::only(OutOfServiceArea, High), YUNTONGXUN_LIST),
];
