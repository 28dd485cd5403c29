//! What the documents name is there: tests, settings, recipes, and each line of the log.

mod architecture;
mod document;
mod expected;
mod logging;
mod sources;
mod standards;
mod tables;
