//! Tests that are functions of the driver that the quickstart's store of devices has.

pub use quickstart::Driver;

/// The variable that tells an instance.
pub fn told(driver: Driver) -> (&'static str, &'static str) {
    let name = match driver {
        Driver::Diesel => "diesel",
        Driver::Sqlx => "sqlx",
    };
    ("STORE", name)
}

/// Runs tests with each.
macro_rules! on_each_driver {
    ($($test:ident),* $(,)?) => {
        mod diesel {
            $(
                #[test]
                fn $test() {
                    super::$test(crate::support::Driver::Diesel);
                }
            )*
        }
        mod sqlx {
            $(
                #[test]
                fn $test() {
                    super::$test(crate::support::Driver::Sqlx);
                }
            )*
        }
    };
}
pub(crate) use on_each_driver;
