//! The pages that stand in messages, each content once, however many it went to.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::values::effect::BookingPage;
use crate::values::id::PageId;

/// Contents, by page and version. Those of one version differ in what is over and in what the merchant says of himself.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    by_version: BTreeMap<(PageId, u32), Vec<Held>>,
    contents: usize,
}

/// A content, and in how many messages it stands.
#[derive(Clone, Debug)]
struct Held {
    page: Arc<BookingPage>,
    uses: usize,
}

impl Shelf {
    /// Contents that stand in no message yet, as a snapshot holds them.
    #[must_use]
    pub fn from_contents(contents: Vec<Arc<BookingPage>>) -> Self {
        let mut shelf = Self::default();
        for page in contents {
            shelf.add(Held { page, uses: 0 });
        }
        shelf
    }

    fn add(&mut self, held: Held) {
        let version = (held.page.page, held.page.version);
        self.by_version.entry(version).or_default().push(held);
        self.contents = self.contents.saturating_add(1);
    }

    /// A message with this content is kept.
    pub fn take(&mut self, page: &Arc<BookingPage>) {
        let held = self.by_version.get_mut(&(page.page, page.version));
        match held.and_then(|held| held.iter_mut().find(|held| Arc::ptr_eq(&held.page, page))) {
            Some(held) => held.uses = held.uses.saturating_add(1),
            None => self.add(Held { page: page.clone(), uses: 1 }),
        }
    }

    /// A message with this content is kept no longer.
    pub fn let_go(&mut self, page: &Arc<BookingPage>) {
        let version = (page.page, page.version);
        let Some(all) = self.by_version.get_mut(&version) else { return };
        let Some(index) = all.iter().position(|held| Arc::ptr_eq(&held.page, page)) else { return };
        let Some(held) = all.get_mut(index) else { return };
        held.uses = held.uses.saturating_sub(1);
        if held.uses > 0 {
            return;
        }
        all.remove(index);
        self.contents = self.contents.saturating_sub(1);
        if all.is_empty() {
            self.by_version.remove(&version);
        }
    }

    /// The content that is the same as this one.
    #[must_use]
    pub fn same(&self, content: &BookingPage) -> Option<&Arc<BookingPage>> {
        let all = self.by_version.get(&(content.page, content.version))?;
        all.iter().map(|held| &held.page).find(|page| ***page == *content)
    }

    /// Every content: in the order of page and version, and of those the one first that was taken first.
    pub fn contents(&self) -> impl Iterator<Item = &Arc<BookingPage>> {
        self.by_version.values().flatten().map(|held| &held.page)
    }

    /// How many contents there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.contents
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.contents == 0
    }

    /// Whether every content stands in a message, and no two are the same.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.by_version.values().all(|all| {
            let is_new = |(index, held): (usize, &Held)| all.iter().take(index).all(|earlier| earlier.page != held.page);
            all.iter().all(|held| held.uses > 0) && all.iter().enumerate().all(is_new)
        })
    }
}
