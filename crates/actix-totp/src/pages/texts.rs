//! Every text of the pages, in one table: English and German.

use std::borrow::Cow;

/// The table: each name with its text in English and in German.
macro_rules! texts {
    ($($name:ident: $en:literal, $de:literal;)+) => {
        /// The texts of the pages in one language. `{}` in a text stands for a number, or for a time like `1:30`, that the page
        /// puts in. Texts are plain: markup in them is shown as it is written.
        ///
        /// # Example
        ///
        /// ```
        /// use actix_totp::pages::Texts;
        ///
        /// let mut french = Texts::english(); // what is not translated stays English
        /// french.challenge_title = "Saisissez un code".into();
        /// french.continue_button = "Continuer".into();
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Texts {
            $(#[doc = concat!("“", $en, "”")] pub $name: Cow<'static, str>,)+
        }

        impl Texts {
            /// English.
            pub const fn english() -> Self {
                Self { $($name: Cow::Borrowed($en),)+ }
            }

            /// German.
            pub const fn german() -> Self {
                Self { $($name: Cow::Borrowed($de),)+ }
            }

            #[cfg(test)]
            fn all(&self) -> Vec<(&'static str, &str)> {
                vec![$((stringify!($name), &self.$name),)+]
            }
        }
    };
}

texts! {
    code_label: "Code from your authenticator app", "Code aus Ihrer Authenticator-App";
    code_hint: "The digits that the app shows now.", "Die Ziffern, die die App gerade anzeigt.";
    code_goes_on: "The form is sent after the last digit.", "Nach der letzten Ziffer geht es von selbst weiter.";
    backup_label: "Backup code", "Ersatzcode";
    backup_hint: "One of the codes that you saved: groups of four letters and digits. Each works once.", "Einer der Codes, die Sie gesichert haben: Gruppen aus vier Buchstaben und Ziffern. Jeder gilt einmal.";
    token_label: "Code from your app, or a backup code", "Code aus Ihrer App oder ein Ersatzcode";
    continue_button: "Continue", "Weiter";
    copy_button: "Copy", "Kopieren";
    copied: "Copied", "Kopiert";
    back_to_settings: "Back to settings", "Zurück zu den Einstellungen";

    challenge_title: "Enter a code", "Code eingeben";
    challenge_intro: "Your account is protected by a second factor.", "Ihr Konto ist durch einen zweiten Faktor geschützt.";
    trust_days: "Do not ask for a code in this browser for {} days", "In diesem Browser {} Tage lang nicht nach einem Code fragen";
    trust_day: "Do not ask for a code in this browser for one day", "In diesem Browser einen Tag lang nicht nach einem Code fragen";
    trust_hint: "Only on a device that nobody else uses.", "Nur auf einem Gerät, das niemand sonst benutzt.";
    use_backup_code: "Use a backup code instead", "Stattdessen einen Ersatzcode benutzen";
    failed_attempts: "Failed attempts since your last sign-in: {}", "Fehlversuche seit Ihrer letzten Anmeldung: {}";
    failed_attempts_hint: "If they were not yours, someone knows your password: change it.", "Wenn sie nicht von Ihnen sind, kennt jemand Ihr Passwort: Ändern Sie es.";
    wait: "Too many failed attempts. You can enter the next code in {} (minutes and seconds).", "Zu viele Fehlversuche. Sie können den nächsten Code in {} (Minuten und Sekunden) eingeben.";
    wait_over: "You can enter a code again.", "Sie können wieder einen Code eingeben.";
    wait_backup_code: "A backup code works at once.", "Ein Ersatzcode gilt sofort.";
    locked: "Too many failed attempts: codes from the app are locked.", "Zu viele Fehlversuche: Codes aus der App sind gesperrt.";
    locked_backup_code: "A backup code unlocks them. Without one, ask whoever runs this site.", "Ein Ersatzcode hebt die Sperre auf. Ohne einen wenden Sie sich an den Betreiber.";

    start_title: "Set up two-factor authentication", "Zwei-Faktor-Authentifizierung einrichten";
    start_intro: "When you sign in, you enter your password and a code from an app on your phone. Someone who learns your password still cannot get in.", "Bei der Anmeldung geben Sie neben dem Passwort einen Code aus einer App auf Ihrem Telefon ein. Wer Ihr Passwort erfährt, kommt trotzdem nicht hinein.";
    start_app: "You need an authenticator app, for example Aegis, Google Authenticator, Microsoft Authenticator or a password manager.", "Sie brauchen eine Authenticator-App, zum Beispiel Aegis, Google Authenticator, Microsoft Authenticator oder einen Passwortmanager.";
    start_button: "Start", "Starten";
    secret_title: "Add this account to your app", "Dieses Konto der App hinzufügen";
    scan_step: "Scan this QR code with your authenticator app.", "Scannen Sie diesen QR-Code mit Ihrer Authenticator-App.";
    qr_label: "QR code for your authenticator app", "QR-Code für Ihre Authenticator-App";
    open_in_app: "On this phone? Open the app", "Auf diesem Telefon? App öffnen";
    type_step: "Or type this key into the app:", "Oder geben Sie diesen Schlüssel in die App ein:";
    code_step: "Then enter the code that the app shows.", "Geben Sie dann den Code ein, den die App anzeigt.";
    clock_hint: "Are your codes not accepted? Set your phone’s clock to automatic.", "Kein Code wird angenommen? Stellen Sie die Uhr Ihres Telefons auf automatisch.";
    replacing_hint: "Your old authenticator works until this is done. Your backup codes will be replaced as well.", "Ihr bisheriger Authenticator gilt, bis dies getan ist. Auch Ihre Ersatzcodes werden dabei ersetzt.";
    replacing_one_hint: "Your old authenticator works until this is done. Your backup codes stay as they are.", "Ihr bisheriger Authenticator gilt, bis dies getan ist. Ihre Ersatzcodes bleiben, wie sie sind.";
    adding_hint: "The authenticators that you have go on working, and so do your backup codes.", "Ihre bisherigen Authenticatoren gelten weiter, und Ihre Ersatzcodes auch.";
    first_code_title: "Enter the first code", "Den ersten Code eingeben";
    first_code_intro: "You were shown a QR code. Enter the code that your app shows for this account.", "Ihnen wurde ein QR-Code gezeigt. Geben Sie den Code ein, den Ihre App für dieses Konto anzeigt.";
    first_code_keeps: "What you have works until this is done.", "Was Sie haben, gilt, bis dies getan ist.";
    new_qr_hint: "Did you not scan it? For your security it is not shown again, but you can get a new one. Only the newest one counts.", "Sie haben ihn nicht gescannt? Zu Ihrer Sicherheit wird er nicht noch einmal gezeigt, aber Sie bekommen einen neuen. Nur der neueste gilt.";
    new_qr_button: "Show a new QR code", "Neuen QR-Code zeigen";

    codes_title: "Save your backup codes", "Sichern Sie Ihre Ersatzcodes";
    codes_on: "Two-factor authentication is on.", "Die Zwei-Faktor-Authentifizierung ist eingeschaltet.";
    codes_intro: "With one of these codes you can sign in without your phone. Each works once. Keep them where you can find them without it.", "Mit einem dieser Codes kommen Sie ohne Ihr Telefon hinein. Jeder gilt einmal. Bewahren Sie sie dort auf, wo Sie sie ohne das Telefon finden.";
    codes_once: "They are shown only now. Earlier codes no longer work.", "Sie werden nur jetzt gezeigt. Frühere Codes gelten nicht mehr.";
    codes_list: "Backup codes", "Ersatzcodes";
    download_codes: "Download as text", "Als Text herunterladen";
    print_button: "Print", "Drucken";
    saved_box: "I have saved these codes", "Ich habe diese Codes gesichert";

    settings_title: "Two-factor authentication", "Zwei-Faktor-Authentifizierung";
    state: "State", "Zustand";
    state_on: "On", "Ein";
    state_off: "Off", "Aus";
    off_intro: "Only your password protects your account.", "Nur Ihr Passwort schützt Ihr Konto.";
    set_up: "Set it up", "Einrichten";
    last_used: "Last used", "Zuletzt benutzt";
    codes_left: "Backup codes left", "Übrige Ersatzcodes";
    codes_few: "Few backup codes are left. Make new ones before you need them.", "Es sind nur noch wenige Ersatzcodes übrig. Erzeugen Sie neue, bevor Sie sie brauchen.";
    replacement_waits: "A new authenticator is waiting for its first code.", "Ein neuer Authenticator wartet auf seinen ersten Code.";
    renew_title: "New backup codes", "Neue Ersatzcodes";
    renew_intro: "You get new codes. The ones that you have now stop working.", "Sie bekommen neue Codes. Die bisherigen gelten dann nicht mehr.";
    renew_button: "Make new codes", "Neue Codes erzeugen";
    replace_title: "Replace the authenticator", "Authenticator ersetzen";
    replace_intro: "For a new phone. The old authenticator works until you enter the first code of the new one.", "Für ein neues Telefon. Der bisherige Authenticator gilt, bis Sie den ersten Code des neuen eingeben.";
    replace_button: "Set up the new one", "Den neuen einrichten";
    forget_title: "Forget all browsers", "Alle Browser vergessen";
    forget_intro: "Every other browser has to enter a code again, including trusted ones. This one stays signed in.", "In jedem anderen Browser ist wieder ein Code nötig, auch in vertrauenswürdigen. Dieser bleibt angemeldet.";
    forget_button: "Forget all browsers", "Alle Browser vergessen";
    authenticators_title: "Authenticators", "Authenticatoren";
    authenticators_challenge: "Enter a code to see and change them", "Geben Sie einen Code ein, um sie zu sehen und zu ändern";
    added: "Added", "Hinzugefügt";
    not_used: "Not used yet", "Noch nicht benutzt";
    name_label: "Name", "Name";
    name_hint: "Up to 64 characters, for example “Phone” or “Key in the safe”.", "Bis zu 64 Zeichen, zum Beispiel „Telefon“ oder „Schlüssel im Tresor“.";
    rename_title: "Change its name", "Namen ändern";
    rename_button: "Save the name", "Namen speichern";
    replace_one_title: "Replace it", "Ersetzen";
    replace_one_intro: "It works until you enter the first code of the new one. Your backup codes stay as they are.", "Er gilt, bis Sie den ersten Code des neuen eingeben. Ihre Ersatzcodes bleiben, wie sie sind.";
    remove_title: "Remove it", "Entfernen";
    remove_intro: "Its codes stop working. Browsers that were let in by them have to enter a code again.", "Seine Codes gelten nicht mehr. In Browsern, die mit ihnen angemeldet wurden, ist wieder ein Code nötig.";
    remove_button: "Remove", "Entfernen";
    add_title: "Add an authenticator", "Authenticator hinzufügen";
    add_intro: "For a second phone, a hardware key, or a spare that you keep in a safe place.", "Für ein zweites Telefon, einen Hardware-Schlüssel oder einen Ersatz, den Sie sicher verwahren.";
    disable_title: "Turn it off", "Ausschalten";
    disable_intro: "Then only your password protects your account. The authenticator and the backup codes stop working.", "Dann schützt nur noch Ihr Passwort Ihr Konto. Authenticator und Ersatzcodes gelten nicht mehr.";
    disable_button: "Turn off", "Ausschalten";

    done_disabled: "Two-factor authentication is off.", "Die Zwei-Faktor-Authentifizierung ist ausgeschaltet.";
    done_forgotten: "All other browsers are forgotten.", "Alle anderen Browser sind vergessen.";
    done_confirmed: "The new authenticator is set up. Your backup codes stay as they are.", "Der neue Authenticator ist eingerichtet. Ihre Ersatzcodes bleiben, wie sie sind.";
    done_renamed: "The new name is saved.", "Der neue Name ist gespeichert.";
    done_removed: "The authenticator is removed.", "Der Authenticator ist entfernt.";
    not_saved: "If you have not saved your backup codes, make new ones here.", "Falls Sie Ihre Ersatzcodes nicht gesichert haben, erzeugen Sie hier neue.";

    invalid_token: "This code is wrong or was already used. Wait for the next one.", "Dieser Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten.";
    invalid_code_to_renew: "This code is wrong or was already used. If you sent it twice, new backup codes were made that you have not seen: make new ones with the next code.", "Dieser Code ist falsch oder wurde schon benutzt. Falls Sie ihn zweimal gesendet haben, gibt es neue Ersatzcodes, die Sie nicht gesehen haben: Erzeugen Sie andere mit dem nächsten Code.";
    invalid_backup_code: "This backup code is wrong or was already used.", "Dieser Ersatzcode ist falsch oder wurde schon benutzt.";
    malformed_token: "This is not a code. Enter it as it was shown to you.", "Das ist kein Code. Geben Sie ihn so ein, wie er Ihnen gezeigt wurde.";
    malformed_backup_code: "This is not a backup code. A backup code never has a 0, 1, I or O: look at it once more.", "Das ist kein Ersatzcode. Ein Ersatzcode hat nie eine 0, eine 1, ein I oder ein O: Sehen Sie noch einmal hin.";
    token_required: "Enter a code.", "Geben Sie einen Code ein.";
    totp_code_needed: "A backup code does not work here: enter the digits that the app shows.", "Ein Ersatzcode genügt hier nicht: Geben Sie die Ziffern ein, die die App anzeigt.";
    clock_ahead: "Your phone’s clock is fast by {} (minutes and seconds). Set it to automatic and enter the next code.", "Die Uhr Ihres Telefons geht {} (Minuten und Sekunden) vor. Stellen Sie sie auf automatisch und geben Sie den nächsten Code ein.";
    clock_behind: "Your phone’s clock is slow by {} (minutes and seconds). Set it to automatic and enter the next code.", "Die Uhr Ihres Telefons geht {} (Minuten und Sekunden) nach. Stellen Sie sie auf automatisch und geben Sie den nächsten Code ein.";
    not_generated: "Start the set-up first.", "Starten Sie zuerst die Einrichtung.";
    not_enabled: "Two-factor authentication is off.", "Die Zwei-Faktor-Authentifizierung ist ausgeschaltet.";
    already_confirmed: "Two-factor authentication is already on. If you have not seen its backup codes, make new ones here.", "Die Zwei-Faktor-Authentifizierung ist schon eingeschaltet. Falls Sie die Ersatzcodes dazu nicht gesehen haben, erzeugen Sie hier neue.";
    enrollment_expired: "This QR code is too old. Start again.", "Dieser QR-Code ist zu alt. Starten Sie noch einmal.";
    enrollment_discarded: "Too many wrong codes: this QR code is no longer valid. Start again.", "Zu viele falsche Codes: Dieser QR-Code gilt nicht mehr. Starten Sie noch einmal.";
    invalid_name: "A name has 1 to 64 characters, all on one line.", "Ein Name hat 1 bis 64 Zeichen auf einer Zeile.";
    too_many_authenticators: "You have as many authenticators as you may have. To add another, remove one first.", "Sie haben so viele Authenticatoren, wie Sie haben dürfen. Entfernen Sie einen, bevor Sie einen weiteren hinzufügen.";
    no_such_authenticator: "This authenticator is not there any more.", "Diesen Authenticator gibt es nicht mehr.";
    last_authenticator: "This is your last authenticator. Add another one first, or turn two-factor authentication off.", "Dies ist Ihr letzter Authenticator. Fügen Sie erst einen weiteren hinzu, oder schalten Sie die Zwei-Faktor-Authentifizierung aus.";
    totp_required: "Enter a code to go on.", "Geben Sie einen Code ein, um fortzufahren.";
    totp_is_required: "Your account must have two-factor authentication: you can replace the authenticator, but not turn it off.", "Ihr Konto muss die Zwei-Faktor-Authentifizierung haben: Sie können den Authenticator ersetzen, aber sie nicht ausschalten.";
    stale_proof: "You entered your last code a while ago. Enter another one to go on.", "Ihr letzter Code ist eine Weile her. Geben Sie noch einen ein, um fortzufahren.";
    throttled: "Too many failed attempts. Wait a little.", "Zu viele Fehlversuche. Warten Sie ein wenig.";

    problem_title: "That did not work", "Das hat nicht geklappt";
    not_authenticated: "Sign in first.", "Melden Sie sich zuerst an.";
    invalid_ticket: "This sign-in has expired or was completed already. Sign in again.", "Diese Anmeldung ist abgelaufen oder schon abgeschlossen. Melden Sie sich noch einmal an.";
    cross_site: "This form was sent by another site. Nothing was changed.", "Dieses Formular wurde von einer anderen Website gesendet. Nichts wurde geändert.";
    not_found: "There is nothing here.", "Hier ist nichts.";
    method_not_allowed: "This page cannot be opened this way.", "So lässt sich diese Seite nicht öffnen.";
    bad_request: "This form could not be read. Nothing was changed.", "Dieses Formular war nicht lesbar. Nichts wurde geändert.";
    request_timeout: "This form did not arrive in time. Nothing was changed.", "Dieses Formular kam nicht rechtzeitig an. Nichts wurde geändert.";
    unavailable: "This does not work at the moment. Try again in a little while.", "Das geht im Augenblick nicht. Versuchen Sie es gleich noch einmal.";
    home_link: "To the home page", "Zur Startseite";
    next_link: "Back to where you were", "Zurück, wo Sie waren";
    sign_in_link: "Sign in", "Anmelden";
    sign_out_button: "Sign out", "Abmelden";
}

/// `text` with `value` in the place of `{}`.
pub(super) fn fill(text: &str, value: impl std::fmt::Display) -> String {
    text.replacen("{}", &value.to_string(), 1)
}

/// A time as minutes and seconds, `1:30`.
pub(super) fn minutes(secs: u64) -> String {
    format!("{}:{:02}", secs / 60, secs % 60)
}

/// A time in RFC 3339 as people read it: `2026-05-01 12:30 UTC`.
pub(super) fn time(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_in_both_languages_with_the_same_places_to_fill() {
        let (english, german) = (Texts::english(), Texts::german());
        for ((name, en), (_, de)) in english.all().into_iter().zip(german.all()) {
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(en), places(de), "{name}");
            assert!(places(en) <= 1 && !en.trim().is_empty() && !de.trim().is_empty());
            assert_eq!(en.ends_with('.'), de.ends_with('.'), "{name}");
        }
    }

    #[test]
    fn every_text_is_used() {
        let templates = concat!(
            include_str!("../../templates/layout.html"),
            include_str!("../../templates/forms.html"),
            include_str!("../../templates/notice.html"),
            include_str!("../../templates/start.html"),
            include_str!("../../templates/secret.html"),
            include_str!("../../templates/first_code.html"),
            include_str!("../../templates/backup_codes.html"),
            include_str!("../../templates/challenge.html"),
            include_str!("../../templates/settings.html"),
            include_str!("../../templates/authenticators.html"),
            include_str!("../../templates/problem.html"),
            include_str!("page.rs"),
            include_str!("notice.rs"),
        );
        for (name, _) in Texts::english().all() {
            let used = format!("t.{name}");
            let is_used = templates.match_indices(&used).any(|(at, _)| {
                let next = templates[at + used.len()..].chars().next();
                !next.is_some_and(|it| it.is_ascii_alphanumeric() || it == '_')
            });
            assert!(is_used, "{name}");
        }
    }

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!([5, 90, 3_600].map(minutes), ["0:05", "1:30", "60:00"]);
        assert_eq!(fill("a {} b {}", 7), "a 7 b {}");
        assert_eq!(time("2026-05-01T12:30:59Z"), "2026-05-01 12:30 UTC");
        assert_eq!(time(""), "");
    }
}
