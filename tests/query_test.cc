#include "backend/query.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"
#include "backend/percent.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// "a=1,b=2", or "refused".
std::string Parsed(const std::string& query) {
  const auto parameters = ParseQuery(query);
  if (!parameters) return "refused";
  std::string text;
  for (const Header& parameter : *parameters) {
    text += StrCat(text.empty() ? "" : ",", parameter.name, "=", parameter.value);
  }
  return text;
}

TEST_CASE("A query is read", "[query]") {
  CHECK(Parsed("").empty());
  CHECK(Parsed("cursor=a&limit=20") == "cursor=a,limit=20");
  CHECK(Parsed("a&b=") == "a=,b=");
  CHECK(Parsed("a=b=c") == "a=b=c");
  CHECK(Parsed("a=%c3%A4%26+x%2B") == "a=\xC3\xA4& x+");
}

TEST_CASE("A query that two readers could understand differently is refused", "[query]") {
  const std::string query = GENERATE("a=1&a=2", "a=1&%61=2", "a=%", "a=%1", "a=%zz", "a=%00",
                                     "a=%0a", "%7f=1", "=1", "&&", "a=1&&b=2");
  CAPTURE(query);
  CHECK(Parsed(query) == "refused");
}

TEST_CASE("A query has so many parameters", "[query][limits]") {
  std::string query = "n=0";
  for (size_t i = 1; i < kMaxQueryParameters; ++i) query += StrCat("&p", i, "=", i);
  CHECK(Parsed(query) != "refused");
  CHECK(Parsed(query + "&more=1") == "refused");
}

TEST_CASE("A plus is a space in a query and itself in a path", "[query]") {
  CHECK(DecodePercent("a+b%2b", PlusIs::kSpace) == "a b+");
  CHECK(DecodePercent("a+b%2b", PlusIs::kPlus) == "a+b+");
}

}  // namespace
}  // namespace insitu
