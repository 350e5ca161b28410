// insitu: the engine of the page as a command line program, for scripts and for checks.
#include <iostream>
#include <map>

#include "model/commands.h"
#include "model/files.h"
#include "shared/limits.h"

namespace insitu {
namespace {

constexpr const char* kUsage =
    R"(usage: insitu COMMAND …

  predict --model MODEL IMAGE… [--json] [--judge-anyway]
      What the model says of each image. --json: one JSON object a line. An image that the model
      cannot judge is refused, with the reason: glass, pen, blur, compression, scale, other_stain,
      photograph, drawing, grey_not_film, colour_not_histology, histology_not_film,
      film_not_histology, too_small. --judge-anyway: reads it all the same, and says so.
  explain --model MODEL IMAGE [--json] [--judge-anyway]
      Which parts of the image moved the probability, as a map. What the network used, not a proof.
  explain-check --model MODEL IMAGE… [--json]
      Whether such maps are of the model: their rank correlation with maps of shuffled weights.
  evaluate --model MODEL FOLDER [--cases LIST.txt] [--json]
      How right the model is on labelled patches, FOLDER/CASE/LABEL/…_classLABEL.png, LABEL 0 or 1,
      with 95 % intervals by the bootstrap over cases.
      --cases: only the cases named in the file, one a line.
      --threshold X: at this operating point instead of the model's.
      --prevalence P: also what the figures mean where this share is positive.
      --samples N, --seed N: of the bootstrap, 2000 and 1.
      --checkpoint FILE: keeps what was read there as it goes, and goes on from what is there.
  evaluate-films --model MODEL [--folds LIST.csv] FOLDER [--json]
      How right a mammogram model is on the films of mini-MIAS, FOLDER/labels.csv and the films:
      patches, films, marks. --folds: each film is judged by the model that the list gives for its
      woman (repeat,woman,model), which was trained as MODEL was, but without her.
      --checkpoint FILE: as for evaluate.
  scan --model MODEL --um-per-pixel X IMAGE [--stride S] [--out MAP.png]
       [--csv CELLS.csv] [--json] [--judge-anyway] [--says-film]
      What the model says all over an image larger than a patch, as the page does it. IMAGE is PNG,
      JPEG, BMP, PGM or PPM, of at most 50 million pixels; TIFF, SVS and DICOM are opened by the page
      only. X: the image's scale. --stride: pixels at the model's scale between places of the map;
      without it the patches lie side by side. MAP.png: a pixel a place, what is not judged is
      transparent.
      --labels LABELS.png: of the image's size, 255 positive, 128 negative, 0 neither: how right the
      map is. --threshold P: in place of the model's. --threads N.
      --method dense or patches: how the map is computed, where not the quicker way.
      --judge-anyway: what the gate refuses is judged too, and the result says which; not glass.
      --says-film: the image's DICOM file says that it is a mammogram (modality MG), so the gate does
      not ask whether it looks like one.
  card --model MODEL --report REPORT.json [--facts FACTS.toml]
      The model card, as Markdown: from the model, what evaluate --json wrote of it, and what people
      know of it, MODEL with .card.toml in place of .onnx.
  model MODEL [--json]
      The model's layers, sizes, multiply-adds and metadata.
  shrink MODEL OUT [--bits N]
      The model with its float16 weights rounded to multiples of the power of two above a tensor's
      largest / 2^N (8), so that it compresses better; known answer and checksum anew. Evaluate it again.
  onnx-test FOLDER…
      Runs ONNX backend tests: model.onnx with test_data_set_*/input_*.pb and output_*.pb.

Exit code: 0 all done, 1 something failed, 2 the command line is not understood.
For research and education. Not a medical device.
)";

int Run(const Words& words) {
  using Command = int (*)(const Words&, std::ostream&, std::ostream&);
  static const std::map<std::string, Command> kCommands = {{"predict", RunPredict},
                                                           {"explain", RunExplain},
                                                           {"explain-check", RunExplainCheck},
                                                           {"evaluate", RunEvaluate},
                                                           {"evaluate-films", RunEvaluateFilms},
                                                           {"card", RunCard},
                                                           {"scan", RunScan},
                                                           {"shrink", RunShrink},
                                                           {"model", RunDescribe},
                                                           {"onnx-test", RunOnnxTest}};
  if (words.empty()) return UsageError("A command is needed.", std::cerr);
  if (words[0] == "--help" || words[0] == "help") {
    std::cout << kUsage;
    return kExitOk;
  }
  const auto command = kCommands.find(words[0]);
  if (command == kCommands.end()) {
    return UsageError("There is no command " + words[0] + ".", std::cerr);
  }
  return command->second(Words(words.begin() + 1, words.end()), std::cout, std::cerr);
}

}  // namespace

int UsageError(const std::string& message, std::ostream& err) {
  err << message << "\n\n" << kUsage;
  return kExitUsage;
}

int Failure(const Error& error, std::ostream& err) {
  err << "insitu: " << error.message << '\n';
  return kExitFailure;
}

Result<Classifier> LoadClassifier(const std::string& path) {
  const auto bytes = ReadFile(path, kMaxModelBytes, ErrorCode::kModelUnsupported);
  if (!bytes.ok()) return Located(path, bytes.error());
  Result<Classifier> classifier = Classifier::Create(bytes.value());
  if (!classifier.ok()) return Located(path, classifier.error());
  return classifier;
}

}  // namespace insitu

int main(int argc, char** argv) { return insitu::Run(insitu::Words(argv + 1, argv + argc)); }
