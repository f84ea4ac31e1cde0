//! Finding pages by keyword: over merchant names, offerings and descriptions, in any script (seed 000, S102: 搜索入口).
//!
//! A keyword is split at spaces; every word must stand somewhere in a page's texts. Words are found as they are written, inside longer ones
//! too, since Chinese has no spaces; case and full-width forms do not matter (Unicode NFKC, lower case). Better places rank first:
//! the merchant's name before an offering before a description, the whole before its beginning before a part of it. Equal ranks are in the order of merchant
//! and page, so that the answer is the same everywhere.
//!
//! A **piece** of a word is two characters of it that stand side by side, or its only one. For each piece the index has the pages in whose texts it stands, the
//! best first. A search walks through those of the rarest piece: where that is the whole keyword, they are the answer as they stand.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization as _;

use crate::values::id::{MerchantId, PageId};

/// What a text of a page is. Better places come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The name of its merchant.
    MerchantName,
    /// The name of an offering.
    Offering,
    /// A description.
    Description,
}

/// A page as the index knows it: its texts in one piece, since a search reads those of many pages.
#[derive(Clone, Debug)]
struct Entry {
    merchant: MerchantId,
    /// The texts by their places, each with a line feed behind it: no word reaches beyond it.
    text: String,
    /// Where each text ends, and what it is.
    ends: Vec<(usize, Place)>,
}

impl Entry {
    fn new<'a>(merchant: MerchantId, texts: impl IntoIterator<Item = (Place, &'a str)>) -> Self {
        let mut texts: Vec<(Place, &str)> = texts.into_iter().collect();
        texts.sort_by_key(|(place, _)| *place);
        let mut entry = Self { merchant, text: String::new(), ends: Vec::with_capacity(texts.len()) };
        for (place, text) in texts {
            entry.text.extend(normal_chars(text));
            entry.ends.push((entry.text.len(), place));
            entry.text.push('\n');
        }
        entry
    }

    /// The texts, and what each is.
    fn texts(&self) -> impl Iterator<Item = (Place, &str)> {
        let starts = core::iter::once(0).chain(self.ends.iter().map(|(end, _)| end.saturating_add(1)));
        starts.zip(&self.ends).filter_map(|(start, (end, place))| Some((*place, self.text.get(start..*end)?)))
    }

    /// How well a word stands in the best of the texts. `None` when it stands in none.
    fn standing_of(&self, word: &Finder<'_>) -> Option<u8> {
        let mut best: Option<(Place, u8)> = None;
        for at in word.find_iter(self.text.as_bytes()) {
            let index = self.ends.partition_point(|(end, _)| *end <= at);
            let (end, place) = self.ends.get(index).copied()?;
            if best.is_some_and(|(of, _)| of < place) {
                break;
            }
            let before = index.checked_sub(1).and_then(|before| self.ends.get(before));
            let is_first = at == before.map_or(0, |(end, _)| end.saturating_add(1));
            let is_whole = is_first && at.saturating_add(word.needle().len()) == end;
            let standing = standing(place, is_first, is_whole);
            best = Some((place, best.map_or(standing, |(_, best)| best.min(standing))));
        }
        best.map(|(_, standing)| standing)
    }
}

/// A page in whose texts a piece stands, in the order in which they are looked at.
type Stand = (u8, MerchantId, PageId);

/// What a keyword finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The pages, the best first.
    pub pages: Vec<PageId>,
    /// Whether there are others, or may be: not every candidate was looked at.
    pub more: bool,
}

/// The index.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pages: BTreeMap<PageId, Entry>,
    /// Where each piece stands, by its bits.
    pieces: BTreeMap<u64, BTreeSet<Stand>>,
    by_merchant: BTreeMap<MerchantId, BTreeSet<PageId>>,
}

impl Search {
    /// Puts a page in, or in anew.
    pub fn put<'a>(&mut self, page: PageId, merchant: MerchantId, texts: impl IntoIterator<Item = (Place, &'a str)>) {
        self.remove(page);
        let entry = Entry::new(merchant, texts);
        for (piece, standing) in pieces_of(&entry) {
            self.pieces.entry(piece).or_default().insert((standing, merchant, page));
        }
        self.by_merchant.entry(merchant).or_default().insert(page);
        self.pages.insert(page, entry);
    }

    /// Takes a page out.
    pub fn remove(&mut self, page: PageId) {
        let Some(entry) = self.pages.remove(&page) else { return };
        for (piece, standing) in pieces_of(&entry) {
            if let Some(stands) = self.pieces.get_mut(&piece) {
                stands.remove(&(standing, entry.merchant, page));
                if stands.is_empty() {
                    self.pieces.remove(&piece);
                }
            }
        }
        if let Some(pages) = self.by_merchant.get_mut(&entry.merchant) {
            pages.remove(&page);
            if pages.is_empty() {
                self.by_merchant.remove(&entry.merchant);
            }
        }
    }

    /// The pages of a merchant, in order.
    pub fn of_merchant(&self, merchant: MerchantId) -> impl Iterator<Item = PageId> {
        self.by_merchant.get(&merchant).into_iter().flatten().copied()
    }

    /// Every page with its merchant, in order.
    pub fn in_order(&self) -> impl Iterator<Item = (PageId, MerchantId)> {
        self.pages.iter().map(|(page, entry)| (*page, entry.merchant))
    }

    /// The best `most` pages for a keyword, of the best `candidates_max` for its rarest piece. None for a keyword without words.
    #[must_use]
    pub fn find(&self, keyword: &str, most: usize, candidates_max: usize) -> Found {
        let keyword = normal(keyword);
        let words: Vec<&str> = keyword.split_whitespace().collect();
        let Some(stands) = words.iter().filter_map(|word| self.rarest(word)).min_by_key(|stands| stands.len()) else {
            return Found::default();
        };
        let candidates = stands.iter().take(candidates_max);
        if let [word] = words.as_slice()
            && word.chars().nth(2).is_none()
        {
            // The word is its piece, and the pages are in their order.
            let most = most.min(candidates_max);
            return Found { pages: candidates.take(most).map(|(_, _, page)| *page).collect(), more: stands.len() > most };
        }
        let words: Vec<Finder<'_>> = words.into_iter().map(|word| Finder::new(word.as_bytes())).collect();
        let mut found: Vec<(u32, MerchantId, PageId)> =
            candidates.filter_map(|(_, merchant, page)| Some((rank(self.pages.get(page)?, &words)?, *merchant, *page))).collect();
        let more = found.len() > most || stands.len() > candidates_max;
        if let Some(last) = most.checked_sub(1).filter(|last| *last < found.len()) {
            // Only the best are put in order.
            found.select_nth_unstable(last);
        }
        found.truncate(most);
        found.sort_unstable();
        Found { pages: found.into_iter().map(|(_, _, page)| page).collect(), more }
    }

    /// Where the rarest piece of this word stands. A word with a piece that no page has is in none.
    fn rarest(&self, word: &str) -> Option<&BTreeSet<Stand>> {
        static NOWHERE: BTreeSet<Stand> = BTreeSet::new();
        let of = |piece: u64| self.pieces.get(&piece).unwrap_or(&NOWHERE);
        let mut chars = word.chars();
        let mut last = chars.next()?;
        let mut rarest: Option<&BTreeSet<Stand>> = None;
        for c in chars {
            let stands = of(pair(last, c));
            if rarest.is_none_or(|rarest| stands.len() < rarest.len()) {
                rarest = Some(stands);
            }
            last = c;
        }
        Some(rarest.unwrap_or_else(|| of(single(last))))
    }
}

/// The sum of every word's best place; lower is better. `None` when a word stands nowhere.
fn rank(entry: &Entry, words: &[Finder<'_>]) -> Option<u32> {
    words.iter().try_fold(0_u32, |sum, word| Some(sum.saturating_add(u32::from(entry.standing_of(word)?))))
}

/// How well something stands in a text.
const fn standing(place: Place, is_first: bool, is_whole: bool) -> u8 {
    let place: u8 = match place {
        Place::MerchantName => 0,
        Place::Offering => 3,
        Place::Description => 6,
    };
    place.saturating_add(match (is_whole, is_first) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    })
}

/// Whether a keyword has a word in it.
#[must_use]
pub fn has_words(keyword: &str) -> bool {
    !normal(keyword).trim().is_empty()
}

/// The words of a keyword, ready to be looked for in many texts.
#[derive(Clone, Debug)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of this keyword.
    #[must_use]
    pub fn of(keyword: &str) -> Self {
        Self(normal(keyword).split_whitespace().map(String::from).collect())
    }

    /// Whether one of them stands in this text.
    #[must_use]
    pub fn stand_in(&self, text: &str) -> bool {
        let text = normal(text);
        self.0.iter().any(|word| text.contains(word.as_str()))
    }
}

fn normal(text: &str) -> String {
    normal_chars(text).collect()
}

fn normal_chars(text: &str) -> impl Iterator<Item = char> {
    text.nfkc().flat_map(char::to_lowercase)
}

fn single(c: char) -> u64 {
    u64::from(u32::from(c))
}

fn pair(a: char, b: char) -> u64 {
    (single(a) << 32) | single(b) | (1 << 63)
}

/// Every character and every two that stand side by side, once each, and how well.
fn pieces_of(entry: &Entry) -> Vec<(u64, u8)> {
    let mut pieces = Vec::new();
    for (place, text) in entry.texts() {
        let is_longer = |than: usize| text.chars().nth(than).is_some();
        let (is_single, is_pair) = (!is_longer(1), !is_longer(2));
        let mut last = None;
        for (index, c) in text.chars().enumerate() {
            pieces.push((single(c), standing(place, index == 0, is_single)));
            if let Some(last) = last {
                pieces.push((pair(last, c), standing(place, index == 1, is_pair)));
            }
            last = Some(c);
        }
    }
    // The best of each comes first, and stays.
    pieces.sort_unstable();
    pieces.dedup_by_key(|(piece, _)| *piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(pages: &[(u64, u64, &str, &str, &str)]) -> Search {
        let mut search = Search::default();
        for (page, merchant, name, offering, description) in pages {
            let texts = [(Place::MerchantName, *name), (Place::Offering, *offering), (Place::Description, *description)];
            search.put(PageId::new(*page), MerchantId::new(*merchant), texts);
        }
        search
    }

    fn find(search: &Search, keyword: &str) -> Vec<u64> {
        search.find(keyword, 10, usize::MAX).pages.into_iter().map(PageId::get).collect()
    }

    #[test]
    fn names_come_before_offerings_before_descriptions_and_wholes_before_parts() {
        let search = index(&[
            (1, 1, "Other", "none", "about insurance"),
            (2, 2, "Other", "Car insurance", ""),
            (3, 3, "Big Insurance Co", "", ""),
            (4, 4, "Insurance House", "", ""),
            (5, 5, "insurance", "", ""),
            (6, 6, "Bakery", "Bread", ""),
        ]);
        assert_eq!(find(&search, "INSURANCE"), [5, 4, 3, 2, 1]);
        let ids = |ids: &[u64]| ids.iter().copied().map(PageId::new).collect();
        assert_eq!(search.find("insurance", 2, 6), Found { pages: ids(&[5, 4]), more: true }, "bounded");
        assert_eq!(search.find("insurance", 5, 5), Found { pages: ids(&[5, 4, 3, 2, 1]), more: false });
        assert_eq!(
            search.find("insurance", 5, 2),
            Found { pages: ids(&[5, 4]), more: true },
            "of the best two for the rarest piece"
        );
    }

    #[test]
    fn a_word_counts_by_the_best_of_several_texts_of_a_kind() {
        let mut search = Search::default();
        let offerings = |texts: &[&'static str]| texts.iter().map(|text| (Place::Offering, *text)).collect::<Vec<_>>();
        search.put(PageId::new(1), MerchantId::new(1), offerings(&["insurance house"]));
        search.put(PageId::new(2), MerchantId::new(2), offerings(&["big insurance", "insurance"]));
        assert_eq!(find(&search, "insurance"), [2, 1], "the whole of its second one");
    }

    #[test]
    fn whether_there_are_more_is_said_of_short_words_and_of_long_ones() {
        let search = index(&[(1, 1, "平安保险", "", ""), (2, 2, "人寿保险", "", ""), (3, 3, "保险公司", "", "")]);
        let found = |keyword, most, candidates_max| {
            let found = search.find(keyword, most, candidates_max);
            (found.pages.into_iter().map(PageId::get).collect::<Vec<_>>(), found.more)
        };
        assert_eq!(found("保险", 3, 9), (alloc::vec![3, 1, 2], false));
        assert_eq!(found("保险", 2, 9), (alloc::vec![3, 1], true));
        assert_eq!(found("保险", 4, 9), (alloc::vec![3, 1, 2], false));
        assert_eq!(found("保险", 9, 2), (alloc::vec![3, 1], true), "the third was not looked at");
        assert_eq!(found("保 险", 3, 9), (alloc::vec![3, 1, 2], false));
        assert_eq!(found("保 险", 4, 9), (alloc::vec![3, 1, 2], false));
        assert_eq!(found("保 险", 2, 9), (alloc::vec![3, 1], true));
    }

    #[test]
    fn the_candidates_are_those_of_the_rarest_piece_and_of_equally_rare_ones_of_the_first() {
        let pages: Vec<_> = (1..=9).map(|id| (id, id, if id == 9 { "abc" } else { "abx" }, "", "")).collect();
        let search = index(&pages);
        let found = |keyword, candidates_max| {
            search.find(keyword, 9, candidates_max).pages.into_iter().map(PageId::get).collect::<Vec<_>>()
        };
        assert_eq!(found("abc", 1), [9], "`bc` stands in one page, `ab` in nine");
        let search = index(&[(1, 1, "xab", "", ""), (2, 2, "abc", "", ""), (3, 3, "bc", "", "")]);
        let pages = search.find("abc", 9, 1).pages;
        assert_eq!(pages, [PageId::new(2)], "`ab` and `bc` stand in two pages each: the best of the first is looked at");
    }

    #[test]
    fn short_words_rank_as_long_ones_do() {
        let search = index(&[(1, 1, "买车险", "", ""), (2, 2, "车险公司", "", ""), (3, 3, "车险", "", ""), (4, 4, "车", "", "")]);
        assert_eq!(find(&search, "车险"), [3, 2, 1], "the whole, the beginning, a part");
        assert_eq!(find(&search, "车"), [4, 2, 3, 1]);
    }

    #[test]
    fn a_character_by_itself_is_no_pair_with_nothing_before_it() {
        let search = index(&[(1, 1, "xb", "", ""), (2, 2, "\0b", "", "")]);
        assert_eq!(find(&search, "b"), [1, 2], "both end with it");
        assert_eq!(search.of_merchant(MerchantId::new(2)).collect::<Vec<_>>(), [PageId::new(2)]);
    }

    #[test]
    fn what_words_a_keyword_has_and_where_they_stand() {
        assert!(has_words("a") && has_words(" 车险 ") && !has_words("") && !has_words(" \u{3000} "));
        let words = Words::of("车 ＶＩＰ");
        assert!(words.stand_in("汽车保险") && words.stand_in("my vip card") && !words.stand_in("理财"));
        assert!(!Words::of(" ").stand_in("理财"));
    }

    #[test]
    fn chinese_is_found_inside_longer_words_and_full_width_forms_are_the_same() {
        let search = index(&[(1, 1, "平安保险", "车险", ""), (2, 2, "商户1", "ＶＩＰ理财", "养老、车险")]);
        assert_eq!(find(&search, "保险"), [1]);
        assert_eq!(find(&search, "车险"), [1, 2]);
        assert_eq!(find(&search, "vip"), [2]);
        assert_eq!(find(&search, "商户１"), [2]);
        assert_eq!(find(&search, "险"), [1, 2]);
    }

    #[test]
    fn every_word_must_stand_somewhere() {
        let search = index(&[(1, 1, "平安保险", "车险", ""), (2, 2, "人寿保险", "寿险", "")]);
        assert_eq!(find(&search, "保险 车险"), [1]);
        assert_eq!(find(&search, "保险 房贷"), Vec::<u64>::new());
        assert_eq!(find(&search, "  "), Vec::<u64>::new());
        assert_eq!(find(&search, ""), Vec::<u64>::new());
    }

    #[test]
    fn a_page_that_is_put_in_anew_or_taken_out_leaves_nothing_behind() {
        let mut search = index(&[(1, 1, "平安", "车险", ""), (2, 1, "平安", "寿险", "")]);
        search.put(PageId::new(1), MerchantId::new(1), [(Place::MerchantName, "平安"), (Place::Offering, "理财")]);
        assert_eq!(find(&search, "车险"), Vec::<u64>::new());
        assert_eq!(find(&search, "理财"), [1]);
        search.remove(PageId::new(1));
        search.remove(PageId::new(2));
        assert!(search.pieces.is_empty() && search.pages.is_empty() && search.by_merchant.is_empty());
    }

    #[test]
    fn the_index_finds_what_a_full_scan_finds() {
        let words = ["车险", "寿险", "理财", "保险", "car", "cat", "act"];
        let mut pages = Vec::new();
        for page in 0..300_u64 {
            let word = |n: u64| words[usize::try_from((page / n) % 7).unwrap()];
            pages.push((page, page % 50, word(1), word(7), word(49)));
        }
        let search = index(&pages);
        for keyword in ["车", "险", "车险", "ca", "ar", "car 险", "xy", "t"] {
            let scanned: BTreeSet<u64> = pages
                .iter()
                .filter(|(_, _, name, offering, description)| {
                    keyword.split(' ').all(|word| [name, offering, description].iter().any(|text| text.contains(word)))
                })
                .map(|(page, ..)| *page)
                .collect();
            let found: BTreeSet<u64> = search.find(keyword, usize::MAX, usize::MAX).pages.into_iter().map(PageId::get).collect();
            assert_eq!(found, scanned, "{keyword}");
        }
    }
}
