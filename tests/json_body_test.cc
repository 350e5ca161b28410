#include "backend/json_body.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using nlohmann::json;

// 0 if the text is taken, else the status of the refusal.
int StatusOf(const std::string& text) {
  const auto parsed = ParseJsonObject(text);
  const auto* refusal = std::get_if<Response>(&parsed);
  return refusal == nullptr ? 0 : refusal->status;
}

json Take(const std::string& text) { return std::get<json>(ParseJsonObject(text)); }

// An object whose arrays make it so deep.
std::string Nested(int depth) {
  const auto arrays = static_cast<size_t>(depth - 1);
  return StrCat("{\"a\":", std::string(arrays, '['), std::string(arrays, ']'), "}");
}

// "/a too_short /b missing"
std::string ErrorsOf(JsonFields* fields) {
  CHECK_FALSE(fields->Complete());
  const Response refusal = fields->Refusal();
  CHECK(refusal.status == 422);
  std::string text;
  const json problem = json::parse(*refusal.body);
  for (const json& error : problem["errors"]) {
    text += StrCat(text.empty() ? "" : " ", error["pointer"].get<std::string>(), " ",
                   error["code"].get<std::string>());
  }
  return text;
}

TEST_CASE("A JSON object is read", "[json_body]") {
  CHECK(Take("{}").empty());
  CHECK(Take(" {\"a\": [1, -2.5, \"\\u00e4\", null]}\r\n")["a"][2] == "\xC3\xA4");
}

TEST_CASE("What is not one JSON object is refused", "[json_body]") {
  const std::string text = GENERATE(
      "", " ", "[]", "1", "\"a\"", "null", "{", "}", "{} {}", "{}x", "{\"a\"}", "{\"a\":}", "{a:1}",
      "{'a':1}", "{\"a\":1,}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":1e999}",
      "{\"a\":-1e999}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\\ud800\"}", "{\"a\":\"\xFF\"}",
      "{\"a\":\"\xC0\xAF\"}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "// c\n{}", "\xFE\xFF{}",
      "{\"a\":tru}", "{\"a\":1}//", "{\"a\":[1,]}");
  CAPTURE(text);
  CHECK(StatusOf(text) == 400);
}

TEST_CASE("A NUL outside of a text is not JSON", "[json_body]") {
  CHECK(StatusOf(std::string("{}\0", 3)) == 400);
  CHECK(StatusOf(std::string("{}\0[", 4)) == 400);
  CHECK(StatusOf(std::string("\0{}", 3)) == 400);
}

TEST_CASE("A name that comes twice in one object is refused", "[json_body]") {
  CHECK(StatusOf(R"({"a":1,"a":1})") == 400);
  CHECK(StatusOf(R"({"a":1,"\u0061":2})") == 400);
  CHECK(StatusOf(R"({"b":[{"a":1},{"a":{"c":1,"c":2}}]})") == 400);
  CHECK(StatusOf(R"({"a":{"a":1},"b":[{"a":1},{"a":1}]})") == 0);
}

TEST_CASE("JSON nests so deep and no deeper", "[json_body][limits]") {
  CHECK(StatusOf(Nested(kMaxJsonDepth)) == 0);
  CHECK(StatusOf(Nested(kMaxJsonDepth + 1)) == 400);
  CHECK(StatusOf(std::string(kMaxJsonBytes, '[')) == 400);
}

TEST_CASE("JSON has so many bytes and no more", "[json_body][limits]") {
  const std::string most = "{}" + std::string(kMaxJsonBytes - 2, ' ');
  CHECK(StatusOf(most) == 0);
  CHECK(StatusOf(most + " ") == 413);
}

TEST_CASE("Fields that are right are given", "[json_body]") {
  const json object = Take(R"({"t":"ab","n":-3,"b":true,"o":{"x":"y"},"z":null})");
  JsonFields fields(object);
  CHECK(fields.Text("t", 2, 2) == "ab");
  CHECK(fields.Integer("n", -3, -3) == -3);
  CHECK(fields.Boolean("b"));
  CHECK(fields.OptionalText("z", 1, 1) == std::nullopt);
  CHECK(fields.OptionalBoolean("none") == std::nullopt);
  CHECK(fields.Has("t"));
  CHECK_FALSE(fields.Has("z"));
  JsonFields inner(fields.Object("o"), "/o");
  CHECK(inner.Text("x", 0, 9) == "y");
  fields.Take(inner);
  CHECK(fields.Complete());
}

TEST_CASE("Every wrong field is named", "[json_body]") {
  const json object = Take(R"({"short":"a","long":"abc","number":"1","big":11,"flag":0,"n":null})");
  JsonFields fields(object);
  CHECK(fields.Text("short", 2, 3).empty());
  CHECK(fields.Text("long", 1, 2).empty());
  CHECK(fields.Integer("number", 0, 9) == 0);
  CHECK(fields.Integer("big", 0, 10) == 0);
  CHECK_FALSE(fields.Boolean("flag"));
  CHECK(fields.Text("n", 0, 9).empty());
  CHECK(fields.Object("gone").empty());
  CHECK(ErrorsOf(&fields) ==
        "/short too_short /long too_long /number wrong_type /big out_of_range /flag wrong_type "
        "/n missing /gone missing");
}

TEST_CASE("Numbers are whole and within their range", "[json_body]") {
  const json object =
      Take(R"({"a":1.0,"b":18446744073709551615,"c":1e3,"d":-9223372036854775808})");
  JsonFields fields(object);
  fields.Integer("a", 0, 9);
  fields.Integer("b", 0, INT64_MAX);
  fields.Integer("c", 0, 9'000);
  CHECK(fields.Integer("d", INT64_MIN, 0) == INT64_MIN);
  CHECK(ErrorsOf(&fields) == "/a wrong_type /b out_of_range /c wrong_type");
}

TEST_CASE("A field that nobody asked for is refused, wherever it is", "[json_body]") {
  const json object = Take(R"({"username":"a","role":"admin","in/ner":{"x":1,"y~":2}})");
  JsonFields fields(object);
  fields.Text("username", 1, 9);
  JsonFields inner(fields.Object("in/ner"), "/in~1ner");
  inner.Integer("x", 0, 9);
  fields.Take(inner);
  CHECK(ErrorsOf(&fields) == "/in~1ner/y~0 unknown /role unknown");
}

TEST_CASE("What the caller finds wrong is told like the rest", "[json_body]") {
  const json object = Take(R"({"password":"abc"})");
  JsonFields fields(object, "/new");
  fields.Text("password", 1, 9);
  fields.Refuse("password", "password_common", "It is on a list.");
  CHECK(ErrorsOf(&fields) == "/new/password password_common");
}

}  // namespace
}  // namespace insitu
