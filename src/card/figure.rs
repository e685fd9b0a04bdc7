//! A figure, and where it is from.

/// A figure of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure<T> {
    /// The figure.
    pub value: T,
    /// Where it is from: a key of a file, or how it was computed.
    pub from: String,
    /// Why a person should look at it before it is believed.
    pub doubt: Option<String>,
}

impl<T> Figure<T> {
    /// A figure that is as certain as the file that it is from.
    pub fn new(value: T, from: impl Into<String>) -> Figure<T> {
        Figure {
            value,
            from: from.into(),
            doubt: None,
        }
    }

    /// The same figure, in doubt.
    pub fn doubted(mut self, because: impl Into<String>) -> Figure<T> {
        self.doubt = Some(because.into());
        self
    }

    /// A figure made of this one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Figure<U> {
        Figure {
            value: change(self.value),
            from: self.from,
            doubt: self.doubt,
        }
    }
}
