// insitu-fit-gate: fits the input gate, and measures it.
#include <iostream>

#include "model/arguments.h"
#include "model/files.h"
#include "model/gate/gate_fit.h"
#include "model/gate/gate_images.h"
#include "model/gate/gate_table.h"

namespace insitu {
namespace {

constexpr const char* kUsage =
    R"(usage: insitu-fit-gate --list LIST.tsv [--header FILE.h] [--report FILE.json]
                       [--shipped FILE.json]

Fits the input gate to the images that model/gate/make_images.py listed.
  --header: writes the parameters that the engine is compiled with.
  --report: refits without each family, prints how often the gate is right and writes it as JSON.
  --shipped: writes the same JSON of the gate that this program was built with alone, without any
  fit: a list of some of the images will do.
)";

Status WriteText(const std::string& path, const std::string& text) {
  return WriteFile(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

Status WriteHeader(const std::vector<GateImage>& images, const std::string& path) {
  const FittedGate tissue = FitGate(images, GatePart::kTissue, "");
  const FittedGate film = FitGate(images, GatePart::kFilm, "");
  return WriteText(path, ParametersHeader(tissue, film, FitReasons(images, tissue.model())));
}

Status WriteReport(const std::vector<GateImage>& images, Refit refit, const std::string& path) {
  const std::vector<GateRow> histology = GateTable(images, GatePart::kTissue, refit);
  const std::vector<GateRow> mammogram = GateTable(images, GatePart::kFilm, refit);
  if (refit == Refit::kWithoutEachFamily) {
    std::cout << "Gate of histology models\n\n" << TableText(histology);
    std::cout << "\nGate of mammogram models\n\n" << TableText(mammogram);
  }
  const Json report = {{"histology", TableJson(histology)}, {"mammogram", TableJson(mammogram)}};
  return WriteText(path, ToText(report, true) + "\n");
}

Status Run(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<GateImage> images, ReadGateImages(arguments.Text("list")));
  if (arguments.Has("header")) RETURN_IF_ERROR(WriteHeader(images, arguments.Text("header")));
  if (arguments.Has("report")) {
    RETURN_IF_ERROR(WriteReport(images, Refit::kWithoutEachFamily, arguments.Text("report")));
  }
  if (arguments.Has("shipped")) {
    RETURN_IF_ERROR(WriteReport(images, Refit::kNever, arguments.Text("shipped")));
  }
  return {};
}

}  // namespace
}  // namespace insitu

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): out of memory ends it
  const auto arguments = insitu::Arguments::Parse(
      {argv + 1, argv + argc},
      {{"list", true}, {"header", true}, {"report", true}, {"shipped", true}});
  if (!arguments.ok() || !arguments.value().Has("list")) {
    std::cerr << (arguments.ok() ? "" : arguments.error().message + "\n\n") << insitu::kUsage;
    return 2;
  }
  const insitu::Status done = insitu::Run(arguments.value());
  if (done.ok()) return 0;
  std::cerr << "insitu-fit-gate: " << done.error().message << '\n';
  return 1;
}
