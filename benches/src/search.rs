//! A world to search in: many merchants in many cities, in Chinese and English.

use ringfence::values::input::{Line, PublishPage, RegisterMerchant};
use ringfence::{Address, PhoneNumber, Zone};

use crate::World;

const CITIES: [&str; 8] = ["北京", "上海", "广州", "深圳", "成都", "杭州", "武汉", "西安"];
const TRADES: [&str; 5] = ["保险", "银行", "装修", "教育", "体检中心"];
const OFFERINGS: [&str; 7] = ["车险", "寿险", "信用卡", "全屋定制", "少儿英语", "年度体检", "car insurance"];

impl World {
    /// A platform with this many merchants beside the first. Each has a description and a page of four offerings.
    ///
    /// # Panics
    /// As [`World::new`].
    #[must_use]
    pub fn with_merchants(merchants: u64) -> Self {
        let mut world = Self::new();
        let of = |words: &[&'static str], number: u64| words[number as usize % words.len()];
        for number in 0..merchants {
            let id = 100_000 + number;
            let merchant = RegisterMerchant {
                chatbot: Some(Address::parse(&format!("sip:{id}@chatbot.example")).unwrap()),
                description: Some(format!("{}本地服务，专人电话回访，全年无休", of(&CITIES, number / 3)).into()),
                ..RegisterMerchant::new(
                    id.into(),
                    format!("{}{}商户{number}", of(&CITIES, number), of(&TRADES, number)),
                    vec![Line { number: PhoneNumber::parse(&format!("+86400{id}")).unwrap(), channels: 2 }],
                    Zone::parse("Asia/Shanghai").unwrap(),
                )
            };
            world.platform.register_merchant(world.now, merchant).unwrap();
            let offering = |place: u64| (place.into(), format!("{} {place}", of(&OFFERINGS, number / 7 + place)).into());
            let page = PublishPage {
                windows: vec![world.pages],
                descriptions: [(1.into(), "Call us for a quote, any time".into())].into(),
                ..PublishPage::new(id.into(), id.into(), (1..=4).map(offering).collect())
            };
            world.platform.publish_page(world.now, page).unwrap();
        }
        world
    }

    /// One search, with its message.
    ///
    /// # Panics
    /// As [`World::new`].
    pub fn search(&mut self, keyword: &str) {
        let user = Address::parse("rcs:+8613000000000").unwrap();
        self.platform.search(self.now, user, Some(keyword.into())).unwrap();
        self.drain();
    }
}
