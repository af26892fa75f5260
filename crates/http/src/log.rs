/// What is written for a person, of a provider's doings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Log {
    Off,
    /// Why something was refused, where the interface has no sentence for it.
    #[default]
    Refusals,
    /// A line for each request as well.
    Debug,
}

impl Log {
    /// The words that settings have for them.
    pub const CHOICES: [(&'static str, Log); 3] =
        [("off", Log::Off), ("refusals", Log::Refusals), ("debug", Log::Debug)];
}
