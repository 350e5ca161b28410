#include <algorithm>
#include <iomanip>
#include <iostream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "model/json.h"
#include "shared/limits.h"

namespace insitu {
namespace {

Json MapJson(const std::string& file, const Classifier& classifier, const Explanation& map) {
  Json rows = Json::array();
  const auto columns = static_cast<ptrdiff_t>(map.columns);
  for (auto row = map.values.begin(); row != map.values.end(); row += columns) {
    rows.push_back(std::vector<float>(row, row + columns));
  }
  return {{"file", file},
          {"model", {{"id", classifier.info().id}, {"sha256", classifier.sha256()}}},
          {"method", "occlusion"},
          {"probability", map.probability},
          {"region",
           {{"left", map.placement.left},
            {"top", map.placement.top},
            {"width", map.placement.width},
            {"height", map.placement.height}}},
          {"rows", map.rows},
          {"columns", map.columns},
          {"values", rows}};
}

// A line a row; values in hundredths of probability.
void PrintMap(const std::string& file, const Explanation& map, std::ostream& out) {
  out << file << ": probability " << std::fixed << std::setprecision(3) << map.probability
      << "; change in hundredths when each part is hidden (above 0: it raised the probability)\n";
  for (int row = 0; row < map.rows; ++row) {
    for (int column = 0; column < map.columns; ++column) {
      const size_t at =
          static_cast<size_t>(row) * static_cast<size_t>(map.columns) + static_cast<size_t>(column);
      out << std::setw(6) << std::setprecision(1) << map.values[at] * 100;
    }
    out << '\n';
  }
}

Result<Explanation> Explain(const std::string& file, bool judge_anyway, Classifier* classifier) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(file, kMaxImageBytes, ErrorCode::kImageTooLarge));
  return classifier->Explain(bytes, judge_anyway);
}

}  // namespace

int RunExplain(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {{"model", true}, {"json"}, {"judge-anyway"}});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  const Words& files = arguments.value().positional();
  if (!arguments.value().Has("model")) return UsageError("explain needs --model MODEL.", err);
  if (files.size() != 1) return UsageError("explain needs one image.", err);

  Result<Classifier> loaded = LoadClassifier(arguments.value().Text("model"));
  if (!loaded.ok()) return Failure(loaded.error(), err);
  const Result<Explanation> map =
      Explain(files[0], arguments.value().Has("judge-anyway"), &loaded.value());
  if (!map.ok()) return Failure(Located(files[0], map.error()), err);
  if (arguments.value().Has("json")) {
    out << ToText(MapJson(files[0], loaded.value(), map.value()), false) << std::endl;
  } else {
    PrintMap(files[0], map.value(), out);
  }
  return kExitOk;
}

}  // namespace insitu
