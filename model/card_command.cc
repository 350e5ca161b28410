#include <ostream>

#include "model/arguments.h"
#include "model/card.h"
#include "model/commands.h"
#include "model/files.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kMaxReportBytes = size_t{64} << 20;

Result<Json> ReadReport(const std::string& path) {
  const auto bytes = ReadFile(path, kMaxReportBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return Located(path, bytes.error());
  Json report = Json::parse(bytes.value(), nullptr, /*allow_exceptions=*/false);
  if (report.is_discarded()) {
    return Fail(ErrorCode::kInvalidArgument, StrCat(path, " is no JSON."));
  }
  return report;
}

// model/seed.onnx -> model/seed.card.toml
std::string FactsBeside(const std::string& model) {
  constexpr std::string_view kSuffix = ".onnx";
  const bool cut = model.ends_with(kSuffix);
  return model.substr(0, model.size() - (cut ? kSuffix.size() : 0)) + ".card.toml";
}

Result<std::string> WriteCard(const CardFiles& files) {
  ASSIGN_OR_RETURN(const Classifier classifier, LoadClassifier(files.model));
  ASSIGN_OR_RETURN(const Json report, ReadReport(files.report));
  ASSIGN_OR_RETURN(const CardFacts facts, ReadCardFacts(files.facts));
  return ModelCard(files, classifier, report, facts);
}

}  // namespace

int RunCard(const Words& words, std::ostream& out, std::ostream& err) {
  const auto parsed = Arguments::Parse(words, {{"model", true}, {"report", true}, {"facts", true}});
  if (!parsed.ok()) return UsageError(parsed.error().message, err);
  const Arguments& arguments = parsed.value();
  if (!arguments.Has("model") || !arguments.Has("report")) {
    return UsageError("card needs --model MODEL and --report REPORT.json.", err);
  }
  if (!arguments.positional().empty()) return UsageError("card takes flags only.", err);
  const std::string model = arguments.Text("model");
  const auto card =
      WriteCard({model, arguments.Text("report"), arguments.Text("facts", FactsBeside(model))});
  if (!card.ok()) return Failure(card.error(), err);
  out << card.value();
  return kExitOk;
}

}  // namespace insitu
