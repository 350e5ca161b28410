#include <iomanip>
#include <iostream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "model/json.h"
#include "shared/limits.h"
#include "shared/network/network.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// A graph input or output.
struct End {
  std::string name;
  Shape shape;
};

struct Description {
  std::string file;
  size_t file_bytes = 0;
  std::string sha256;
  int64_t ir_version = 0;
  int64_t opset = 0;
  std::string producer;
  Metadata metadata;
  std::vector<End> inputs, outputs;
  std::vector<StepInfo> steps;
  int64_t multiply_adds = 0;
  int64_t parameters = 0;
  int64_t arena_bytes = 0;
  std::string served;  // why the model is not used for predictions; "" when it is
};

// Any ONNX file that the engine can plan is described; whether it is also a model that predicts,
// with metadata and known answer in order, is part of the description.
Result<Description> Describe(const std::string& path) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(path, kMaxModelBytes, ErrorCode::kModelUnsupported));
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(bytes));
  Description d;
  d.file = path;
  d.file_bytes = bytes.size();
  d.sha256 = HexDigits(Sha256(bytes));
  d.ir_version = onnx.ir_version;
  d.opset = onnx.opset;
  d.producer = onnx.producer;
  d.metadata = onnx.metadata;
  ASSIGN_OR_RETURN(const Network network,
                   Network::Create(std::move(onnx), PlanOptions::ForImages()));
  for (const PlannedEnd& input : network.inputs())
    d.inputs.push_back({std::string(network.NameOf(input)), input.shape});
  for (const PlannedEnd& output : network.outputs())
    d.outputs.push_back({std::string(network.NameOf(output)), output.shape});
  d.steps = network.Steps();
  d.multiply_adds = network.MultiplyAdds();
  d.parameters = network.Parameters();
  d.arena_bytes = network.ArenaBytes();
  const Result<Classifier> classifier = Classifier::Create(bytes);
  if (!classifier.ok()) d.served = classifier.error().message;
  return d;
}

Json ShapeJson(const Shape& shape) {
  Json json = Json::array();
  for (int64_t dim : shape) json.push_back(dim);
  return json;
}

Json EndsJson(const std::vector<End>& ends) {
  Json json = Json::array();
  for (const End& end : ends) {
    json.push_back({{"name", end.name}, {"shape", ShapeJson(end.shape)}});
  }
  return json;
}

Json DescriptionJson(const Description& d) {
  Json metadata = Json::object();
  for (const auto& [key, value] : d.metadata) metadata[key] = value;
  Json steps = Json::array();
  for (const StepInfo& step : d.steps) {
    steps.push_back({{"op", step.op},
                     {"name", step.name},
                     {"output", ShapeJson(step.output)},
                     {"parameters", step.parameters},
                     {"multiply_adds", step.multiply_adds}});
  }
  Json json = {{"file", d.file},
               {"bytes", d.file_bytes},
               {"sha256", d.sha256},
               {"ir_version", d.ir_version},
               {"opset", d.opset},
               {"producer", d.producer},
               {"inputs", EndsJson(d.inputs)},
               {"outputs", EndsJson(d.outputs)},
               {"steps", steps},
               {"parameters", d.parameters},
               {"multiply_adds", d.multiply_adds},
               {"memory_bytes", d.arena_bytes},
               {"metadata", metadata},
               {"usable", d.served.empty()}};
  if (!d.served.empty()) json["reason"] = d.served;
  return json;
}

void PrintEnds(std::ostream& out, const char* what, const std::vector<End>& ends) {
  for (const End& end : ends) {
    out << what << " " << end.name << ", " << ShapeText(end.shape) << '\n';
  }
}

// Digits in groups of three.
std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

void PrintSteps(std::ostream& out, const Description& d) {
  const auto row = [&out](std::string_view op, std::string_view name, std::string_view shape,
                          std::string_view parameters, std::string_view multiply_adds) {
    out << std::left << std::setw(22) << op << ' ' << std::setw(28) << name << std::right
        << std::setw(14) << shape << std::setw(14) << parameters << std::setw(18) << multiply_adds
        << '\n';
  };
  row("layer", "name", "output", "parameters", "multiply-adds");
  for (const StepInfo& step : d.steps) {
    row(step.op, step.name, ShapeText(step.output), Grouped(step.parameters),
        Grouped(step.multiply_adds));
  }
  row("all", "", "", Grouped(d.parameters), Grouped(d.multiply_adds));
}

void PrintDescription(std::ostream& out, const Description& d) {
  out << d.file << ": " << Grouped(static_cast<int64_t>(d.file_bytes)) << " bytes, SHA-256 "
      << d.sha256 << "\nONNX opset " << d.opset << ", IR version " << d.ir_version
      << ", written by " << (d.producer.empty() ? "an unnamed program" : d.producer) << '\n';
  PrintEnds(out, "Input", d.inputs);
  PrintEnds(out, "Output", d.outputs);
  out << '\n';
  PrintSteps(out, d);
  out << "Memory of one run: " << Grouped(d.arena_bytes) << " bytes\n\n";
  for (const auto& [key, value] : d.metadata) out << key << " = " << value << '\n';
  if (d.served.empty()) {
    out << "\nChecksum and known answer are right: the model is usable.\n";
  } else {
    out << "\nNot usable for predictions: " << d.served << '\n';
  }
}

}  // namespace

int RunDescribe(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {{"json"}});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  if (arguments.value().positional().size() != 1) return UsageError("model needs one file.", err);
  const Result<Description> description = Describe(arguments.value().positional()[0]);
  if (!description.ok()) {
    return Failure(Located(arguments.value().positional()[0], description.error()), err);
  }
  if (arguments.value().Has("json")) {
    out << ToText(DescriptionJson(description.value()), true) << '\n';
  } else {
    PrintDescription(out, description.value());
  }
  return kExitOk;
}

}  // namespace insitu
