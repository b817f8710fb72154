"""What the person's pages say in German. Every key stands in `english` as well."""

from __future__ import annotations

from typing import Final

GERMAN: Final[dict[str, str]] = {
    "title": "Ihre Entscheidungen",
    "skip": "Zum Inhalt springen",
    "other_language": "English",
    "lede": "Sie entscheiden, was für Sie personalisiert werden darf. Ändern Sie es, wann immer "
    "Sie möchten.",
    "now_none": "Zurzeit ist alles aus: Sie bekommen die Fassung, die für alle gleich ist.",
    "now_all": "Zurzeit ist alles an.",
    "now_some": "Zurzeit sind {on} von {all} an.",
    "gpc": "Ihr Browser sendet Global Privacy Control. Wir geben Ihre Daten nicht für "
    "Werbung weiter, außer Sie schalten es unten ein.",
    "again_title": "Bitte sehen Sie noch einmal hin",
    "again": "Was Sie erlaubt hatten, hat sich geändert oder ist abgelaufen. Bis Sie neu "
    "entscheiden, ist es aus: {what}.",
    "told_title": "Wir haben Ihre Entscheidungen zusammengeführt",
    "told": "Sie haben sich angemeldet; die Entscheidungen aus diesem Browser und aus Ihrem Konto "
    "sind jetzt eins. Die neueste zählte; wo es nicht klar war, nein.",
    "told_row": "{what}: {status}",
    "notice_full": "Den ganzen Hinweis lesen",
    "all": "Alles auf einmal",
    "all_on": "Alles einschalten",
    "all_off": "Alles ausschalten",
    "one_by_one": "Einzeln",
    "on": "An",
    "off": "Aus",
    "default": "Zurzeit ohne Ihre Entscheidung an. Speichern Sie mit ausgeschaltetem "
    "Schalter, um es auszuschalten.",
    "partly": "Zurzeit teilweise an: {what}.",
    "save": "Meine Entscheidungen speichern",
    "saved": "Gespeichert. Ihre Entscheidungen gelten ab jetzt.",
    "saved_on": "Gespeichert. Ab jetzt ist alles an.",
    "saved_off": "Gespeichert. Ab jetzt ist alles aus; Sie bekommen die Fassung, die für "
    "alle gleich ist.",
    "unchanged": "Nichts geändert: So hatten Sie schon entschieden.",
    "history": "Was Sie bisher entschieden haben",
    "history_help": "Zu jeder Entscheidung gibt es einen Beleg: eine Datei, die zeigt, was wann "
    "festgehalten wurde.",
    "history_check": "Einen Beleg prüfen",
    "when": "Wann",
    "what": "Was",
    "choice": "Ihre Entscheidung",
    "purposes": "Wofür",
    "refused_title": "Diese Seite lässt sich nicht öffnen",
    "refused_help": "Gehen Sie zurück, woher Sie kamen, und öffnen Sie Ihre Entscheidungen "
    "noch einmal.",
    "erased": "Ihre Daten wurden gelöscht. Für Sie wird nichts personalisiert.",
    "receipt": "Beleg",
    "likes": "Was wir glauben, dass Sie mögen",
    "likes_none": "Über Sie wird nichts vermutet.",
    "likes_help": "Das sind Vermutungen. Ändern Sie sie, streichen Sie sie, oder fangen Sie neu "
    "an.",
    "likes_because": "Weil: {because}",
    "likes_source": "Vermutet von {system}",
    "likes_yours": "Haben Sie uns gesagt",
    "likes_remove": "{label} streichen",
    "likes_correct": "{label} ändern",
    "likes_instead": "Was stattdessen stimmt",
    "likes_save": "Ändern",
    "likes_start_over": "Alles vergessen und neu anfangen",
    "likes_removed": "Gestrichen. Es wird nicht wieder vermutet.",
    "likes_corrected": "Geändert. Danke.",
    "likes_forgotten": "Vergessen. Es zählt nur, was ab jetzt geschieht.",
    "held": "Was haben Sie über mich gespeichert?",
    "held_help": "Alles, was hier über Sie gespeichert ist, in einer Liste.",
    "held_open": "Alles zeigen",
    "held_download": "Als Datei herunterladen (JSON)",
    "held_none": "Über Sie ist nichts gespeichert.",
    "held_rows": "{n} Einträge",
    "held_row": "1 Eintrag",
    "back": "Zurück zu Ihren Entscheidungen",
    "complaint": "Stimmt etwas nicht?",
    "complaint_help": "Sagen Sie uns, was schiefging. Ein Mensch liest es und antwortet innerhalb "
    "eines Monats, auf dieser Seite.",
    "complaint_open": "Sich beschweren",
    "complaint_about": "Worum geht es?",
    "complaint_text": "Was ist geschehen?",
    "complaint_send": "Absenden",
    "complaint_sent": "Abgesandt. Ein Mensch antwortet bis {due}. Sie finden die Antwort auf "
    "dieser Seite.",
    "complaint_yours": "Ihre Beschwerden",
    "complaint_waits": "Wartet auf eine Antwort, spätestens bis {due}.",
    "complaint_answer": "Antwort vom {at}",
    "your_words": "Was Sie geschrieben haben, zum Kopieren",
    "contact": "Verantwortlich: {name}",
    "others": "Was hier keinen Schalter hat",
    "others_help": "Danach werden Sie dort gefragt, wo es gebraucht wird, und dort ändern Sie Ihre "
    "Antwort. „Alles aus“ oben sagt auch dazu Nein.",
    "withdraw_title": "Alles ausschalten?",
    "withdraw_help": "Ein Klick. Danach wird für Sie nichts personalisiert; Sie bekommen die "
    "Fassung, die für alle gleich ist. Sie können es jederzeit wieder ändern.",
    "withdraw_some": "Bei diesem Link geht es um: {what}.",
    "withdraw_button": "Ausschalten",
    "withdraw_done_title": "Alles ist aus",
    "withdraw_done_some": "Es ist aus",
    "withdraw_done": "Erledigt und festgehalten. Es gilt ab jetzt.",
    "withdraw_before": "Es war schon aus. Mehr ist nicht zu tun.",
    "why_title": "Warum sehe ich das?",
    "why_feeds": "{place} darf nutzen, was Sie hier erlauben: {types}.",
    "why_feeds_none": "{place} nutzt nichts über Sie.",
    "why_decides": "Was oben steht, hängt ab von: {parameters}.",
    "why_decides_none": "Was darüber entscheidet, was oben steht, ist noch nicht beschrieben.",
    "why_details": "Was entscheidet, im Einzelnen",
    "why_aim": "Das Ziel",
    "why_now": "Für Sie, jetzt",
    "why_change": "Ändern Sie es",
    "why_turn_off": "Das für mich ausschalten",
    "why_turn_on": "Das für mich einschalten",
    "why_off": "Ab jetzt aus. Sie bekommen die Fassung, die für alle gleich ist.",
    "why_on": "Ab jetzt an.",
    "why_both": "Das betrifft: {types}.",
    "why_less": "Weniger davon",
    "why_less_help": "Was hierfür über Sie vermutet wurde. Streichen Sie, was nicht passt.",
    "why_more": "Alle Ihre Entscheidungen und der ganze Hinweis",
    "why_unknown": "Diese Stelle gibt es nicht.",
    "importance_high": "zählt viel",
    "importance_medium": "zählt",
    "importance_low": "zählt ein wenig",
    "check_title": "Einen Beleg prüfen",
    "check_lede": "Ein Beleg ist die Datei, die Sie zu einer Entscheidung bekommen. Hier sehen "
    "Sie, was er beweist und was nicht. Was Sie senden, wird nicht aufbewahrt.",
    "check_text": "Der Text des Belegs",
    "check_file": "Oder seine Datei",
    "check_button": "Prüfen",
    "check_good": "Der Beleg ist so, wie wir ihn ausgestellt haben.",
    "check_bad": "Dieser Beleg hält nicht stand.",
    "check_says": "Was er sagt",
    "check_purpose": "Zweck",
    "check_status": "Entscheidung",
    "check_at": "Festgehalten",
    "check_notice": "Gezeigter Hinweis",
    "check_revision": "Nummer der Entscheidung",
    "check_revision_is": "{n}. Entscheidung dieses Menschen über diesen Zweck",
    "check_proven": "Bewiesen",
    "check_not_proven": "Nicht bewiesen",
    "check_signed": "Wir haben ihn unterschrieben, und kein Buchstabe wurde seitdem geändert.",
    "check_in_ledger": "Die Entscheidung steht an Stelle {position} in unserem Buch; der "
    "unterschriebene Baum aus {size} Einträgen enthält sie, und niemand kann sie dort unbemerkt "
    "ändern.",
    "check_promised": "Als diese Datei entstand, stand sie noch nicht im Buch; wir haben "
    "versprochen, sie bis {by} einzutragen. Laden Sie den Beleg noch einmal, um den Beweis zu "
    "haben.",
    "check_compact": "Diese kurze Form trägt nur die Unterschrift. Die Datei von der Seite der "
    "Entscheidungen beweist auch die Stelle im Buch.",
    "check_not_valid": "Dass die Einwilligung rechtlich wirksam ist: Ein Beleg zeigt, was "
    "festgehalten wurde.",
    "check_not_latest": "Dass es die letzte Entscheidung ist: Es kann eine neuere geben.",
    "check_not_who": "Wer der Mensch ist: Der Beleg nennt niemanden.",
    "check_offline": "Prüfen Sie ihn ohne uns: Der Schlüssel steht unter {keys}, das Programm "
    "verify_receipt.py kommt mit Tactful.",
    "check_empty": "Fügen Sie einen Beleg ein oder wählen Sie seine Datei.",
    "check_often": "Sie haben eben viele Belege geprüft. Warten Sie eine Minute, dann weiter.",
    "check_long": "Ein Beleg hat höchstens 200 KB. Das hier ist etwas anderes.",
    "failed": "Ihre Entscheidungen konnten nicht geladen werden. Prüfen Sie Ihre Verbindung und "
    "versuchen Sie es noch einmal.",
    "failed_save": "Ihre Entscheidungen wurden nicht gespeichert. Nichts hat sich geändert. "
    "Versuchen Sie es noch einmal.",
    "ran_out": "Sie sind schon eine Weile hier. Laden Sie die Seite neu, um Ihre Entscheidungen zu "
    "ändern.",
    "foreign": "Ihre Entscheidungen können auf dieser Seite nicht gezeigt werden. Öffnen Sie sie "
    "dort, wo Sie Ihr Konto haben.",
    "retry": "Noch einmal versuchen",
    "load": "Ihre Entscheidungen werden geladen",
}
