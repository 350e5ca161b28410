// What everybody tries first, as password_rules.cc compares it: letters and digits only, small
// letters. From the lists that are published each year, written down by hand: the words that begin
// or make up the most used passwords, since most passwords of 8 and nearly all of 15 characters
// that people reuse are such words put together, repeated or with digits behind them.
#pragma once

#include <string_view>

namespace insitu {

inline constexpr std::string_view kWellKnownPasswords[] = {
    "password", "passwort", "passord", "parola", "motdepasse", "contrasena", "senha", "secret",
    "letmein", "welcome", "willkommen", "bienvenue", "login", "signin", "access", "admin",
    "administrator", "root", "guest", "user", "test", "testing", "demo", "default", "changeme",
    "changeit", "temp", "temporary", "iloveyou", "loveyou", "iloveu", "loveme", "lovely", "love",
    "forever", "princess", "sunshine", "flower", "football", "fussball", "baseball", "basketball",
    "soccer", "hockey", "liverpool", "chelsea", "arsenal", "barcelona", "realmadrid", "juventus",
    "manchester", "monkey", "dragon", "tiger", "panther", "eagle", "master", "shadow", "superman",
    "batman", "spiderman", "pokemon", "pikachu", "naruto", "starwars", "minecraft", "fortnite",
    "nintendo", "playstation", "michael", "jennifer", "jessica", "ashley", "daniel", "andrew",
    "thomas", "charlie", "jordan", "joshua", "matthew", "robert", "michelle", "nicole", "amanda",
    "samantha", "hunter", "ranger", "killer", "trustno1", "freedom", "whatever", "computer",
    "internet", "windows", "microsoft", "google", "facebook", "samsung", "android", "iphone",
    "apple", "linkedin", "twitter", "instagram", "amazon", "netflix", "mustang", "ferrari",
    "porsche", "mercedes", "yamaha", "honda", "harley", "cookie", "chocolate", "cheese", "banana",
    "orange", "pepper", "ginger", "summer", "winter", "spring", "autumn", "sommer", "herbst",
    "monday", "friday", "january", "december", "hello", "hallo", "bonjour", "hola", "ciao",
    "abc123", "a1b2c3", "q1w2e3", "1q2w3e", "1qaz2wsx", "zaq12wsx", "qazwsx", "qweasd", "asdzxc",
    "qwertz", "qwerty", "azerty", "asdfgh", "zxcvbn", "yxcvbn", "123456", "654321", "111111",
    "000000", "696969", "121212", "123123", "123321", "112233", "159753", "147258", "789456",
    "correcthorsebatterystaple", "correcthorse", "batterystaple", "opensesame", "abracadabra",
    "hospital", "doctor", "nurse", "clinic", "medical", "medicine", "health", "patient", "radiology",
    "jesus", "christ", "blessed", "angel", "baby", "family", "mother", "father", "daughter",
    "london", "paris", "berlin", "moscow", "newyork", "america", "deutschland", "polska",
    "passw0rd", "p4ssword", "pa55word", "passwd", "pass", "word", "ninja", "wizard", "matrix",
    "maverick", "phoenix", "thunder", "silver", "golden", "purple", "diamond", "crystal", "secure",
    "security", "qwer", "asdf", "zxcv", "sesame", "hacker", "money", "lucky", "happy", "smile",
    "buster", "snoopy", "garfield", "mickey", "donald", "scooter", "killme", "fuckyou", "asshole",
};

}  // namespace insitu
