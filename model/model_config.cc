#include "model/model_config.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/decimal_text.h"
#include "model/files.h"
#include "shared/limits.h"
#include "shared/settings_reader.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kMaxConfigBytes = size_t{1} << 20;
constexpr int kMaxRepeat = 100;
constexpr int kMaxTeacherParts = 16;
constexpr int kMaxEpochs = 10'000;

class Reader : public SettingsReader {
 public:
  using SettingsReader::SettingsReader;

  ReadValue Text(std::string* value) {
    return [this, value](const toml::node& node, const std::string& key) {
      const auto* text = node.as_string();
      if (text == nullptr || text->get().empty()) {
        return Refuse(node, StrCat(key, " is a text in quotes."));
      }
      *value = text->get();
    };
  }

  ReadValue Two(std::array<std::string, 2>* texts) {
    return [this, texts](const toml::node& node, const std::string& key) {
      const toml::array* array = node.as_array();
      bool good = array != nullptr && array->size() == texts->size();
      for (size_t i = 0; good && i < texts->size(); ++i) {
        const auto* text = (*array)[i].as_string();
        good = text != nullptr && !text->get().empty();
        if (good) (*texts)[i] = text->get();
      }
      if (!good) Refuse(node, StrCat(key, " is a list of two texts, the negative one first."));
    };
  }

  template <typename Integer>
  ReadValue Whole(Integer* value, int64_t least, int64_t most) {
    return [this, value, least, most](const toml::node& node, const std::string& key) {
      const auto* whole = node.as_integer();
      if (whole == nullptr || whole->get() < least || whole->get() > most) {
        return Refuse(node, StrCat(key, " is a whole number from ", least, " to ", most, "."));
      }
      *value = static_cast<Integer>(whole->get());
    };
  }

  ReadValue Number(double* value, double least, double most) {
    return [this, value, least, most](const toml::node& node, const std::string& key) {
      const auto number = node.value<double>();
      if (!node.is_number() || !(*number >= least && *number <= most)) {
        return Refuse(node, StrCat(key, " is a number from ", DecimalText(least, 6), " to ",
                                   DecimalText(most, 6), "."));
      }
      *value = *number;
    };
  }

  // [[layer]]: they replace what is there.
  ReadValue Layers(std::vector<LayerSpec>* layers) {
    return [this, layers](const toml::node& node, const std::string& key) {
      layers->clear();
      const toml::array* array = node.as_array();
      if (array == nullptr) return Refuse(node, StrCat(key, " is a list of tables: [[", key, "]]"));
      for (const toml::node& element : *array) {
        const toml::table* table = element.as_table();
        if (table == nullptr) {
          return Refuse(element, StrCat(key, " is a list of tables: [[", key, "]]"));
        }
        ReadLayer(*table, key, layers);
      }
    };
  }

 private:
  void ReadLayer(const toml::table& table, const std::string& key, std::vector<LayerSpec>* layers);
};

void Reader::ReadLayer(const toml::table& table, const std::string& key,
                       std::vector<LayerSpec>* layers) {
  LayerSpec layer;
  bool has_kind = false;
  int repeat = 1;
  const auto take_kind = [&](size_t index) {
    constexpr LayerKind kKinds[] = {LayerKind::kConvolution, LayerKind::kSeparable,
                                    LayerKind::kMaxPool, LayerKind::kGlobalAveragePool,
                                    LayerKind::kDense};
    layer.kind = kKinds[index];
    has_kind = true;
  };
  ReadTable(
      table, StrCat(key, "."),
      {{"kind", Choice({"convolution", "separable", "max_pool", "global_average_pool", "dense"},
                       take_kind)},
       {"filters", Whole(&layer.filters, 1, 4096)},
       {"side", Whole(&layer.side, 1, 50)},
       {"stride", Whole(&layer.stride, 1, 16)},
       {"padding", Whole(&layer.padding, 0, 24)},
       {"pool", Whole(&layer.pool, 1, 50)},
       {"residual", Flag(&layer.residual)},
       {"dropout", Number(&layer.dropout, 0, 0.95)},
       {"repeat", Whole(&repeat, 1, kMaxRepeat)}});
  if (!has_kind) Refuse(table, StrCat("this ", key, " needs a kind."));
  const bool filters = layer.convolves() || layer.kind == LayerKind::kDense;
  if (filters && layer.filters == 0) Refuse(table, StrCat("this ", key, " needs filters."));
  for (int i = 0; i < repeat; ++i) layers->push_back(layer);
}

std::vector<Reader::Key> TrainingKeys(Reader* r, TrainingSettings* t) {
  return {{"epochs", r->Whole(&t->epochs, 1, kMaxEpochs)},
          {"steps", r->Whole(&t->steps, 1, 1'000'000)},
          {"batch", r->Whole(&t->batch, 1, 4096)},
          {"threads", r->Whole(&t->threads, 1, 256)},
          {"learning_rate", r->Number(&t->optimizer.learning_rate, 1e-6, 1)},
          {"weight_decay", r->Number(&t->optimizer.weight_decay, 0, 10)},
          {"average", r->Number(&t->optimizer.average, 0, 0.99999)},
          {"case_power", r->Number(&t->case_power, 0, 1)},
          {"mixup", r->Number(&t->mixup, 0, 1)},
          {"label_smoothing", r->Number(&t->label_smoothing, 0, 0.5)}};
}

std::vector<Reader::Key> AugmentationKeys(Reader* r, Augmentation* a) {
  return {{"stain_scale", r->Number(&a->stain_scale, 0, 1)},
          {"stain_shift", r->Number(&a->stain_shift, 0, 1)},
          {"brightness", r->Number(&a->brightness, 0, 0.9)},
          {"zoom", r->Number(&a->zoom, 0, 1)},
          {"shift", r->Number(&a->shift, 0, 25)},
          {"turn", r->Number(&a->turn, 0, 180)},
          {"blur", r->Number(&a->blur, 0, 1)}};
}

std::vector<Reader::Key> Keys(Reader* r, ModelConfig* c) {
  TrainingSettings* t = &c->training;
  const auto take_kind = [c](size_t i) { c->kind = i == 0 ? "histology" : "mammogram"; };
  const auto take_fit = [c](size_t i) {
    constexpr const char* kNames[] = {"crop", "pad", "stretch"};
    c->fit = kNames[i];
  };
  const auto take_channels = [t](size_t i) { t->network.channels = i == 0 ? 1 : 3; };
  return {{"id", r->Text(&c->id)},
          {"version", r->Text(&c->version)},
          {"kind", r->Choice({"histology", "mammogram"}, take_kind)},
          {"um_per_pixel", r->Number(&c->um_per_pixel, 1e-3, 1e6)},
          {"labels", r->Two(&c->labels)},
          {"verdicts", r->Two(&c->verdicts)},
          {"warning", r->Text(&c->warning)},
          {"prevalence", r->Number(&c->prevalence, 1e-3, 0.999)},
          {"folds", r->Whole(&c->folds, 2, 1'000)},
          {"seed", r->Whole(&t->seed, 0, INT64_MAX)},
          {"input", r->Table({{"side", r->Whole(&t->network.side, 1, kMaxImageSide)},
                              {"colours", r->Choice({"grey", "rgb"}, take_channels)},
                              {"fit", r->Choice({"crop", "pad", "stretch"}, take_fit)}})},
          {"turns", r->Whole(&t->network.turns, 1, 8)},
          {"layer", r->Layers(&t->network.layers)},
          {"training", r->Table(TrainingKeys(r, t))},
          {"augmentation", r->Table(AugmentationKeys(r, &t->augmentation))},
          {"distillation", r->Table({{"parts", r->Whole(&c->teacher_parts, 0, kMaxTeacherParts)},
                                     {"epochs", r->Whole(&c->teacher_epochs, 1, kMaxEpochs)},
                                     {"weight", r->Number(&t->distillation, 0, 1)}})}};
}

Status Fault(const std::string& message) { return Fail(ErrorCode::kInvalidArgument, message); }

// name: for messages. text: TOML.
Status ReadInto(const std::string& name, const std::string& text, std::string_view table,
                ModelConfig* config) {
  ASSIGN_OR_RETURN(const toml::table parsed, ParseToml(name, text));
  Reader reader(name);
  const toml::table* settings = table.empty() ? &parsed : parsed[table].as_table();
  if (settings == nullptr) return Fault(StrCat(name, " holds no settings."));
  reader.ReadTable(*settings, "", Keys(&reader, config));
  return reader.status();
}

Status Check(const std::string& path, const ModelConfig& config) {
  const std::pair<const char*, bool> needed[] = {{"id", config.id.empty()},
                                                 {"kind", config.kind.empty()},
                                                 {"um_per_pixel", config.um_per_pixel == 0},
                                                 {"labels", config.labels[1].empty()},
                                                 {"verdicts", config.verdicts[1].empty()}};
  for (const auto& [name, missing] : needed) {
    if (missing) return Fault(StrCat(path, ": the setting ", name, " is needed."));
  }
  if (config.teacher_parts == 1) {
    return Fault(StrCat(path,
                        ": distillation.parts is 0 or at least 2, or its teacher has nothing "
                        "to learn from."));
  }
  const std::string fault = NetworkFault(config.training.network);
  if (!fault.empty()) return Fault(StrCat(path, ": ", fault));
  return {};
}

std::string LayerText(const LayerSpec& l) {
  return StrCat(" [", static_cast<int>(l.kind), " ", l.filters, " ", l.side, " ", l.stride, " ",
                l.padding, " ", l.pool, " ", l.residual ? 1 : 0, " ", DecimalText(l.dropout, 9),
                "]");
}

}  // namespace

InputSpec ModelConfig::input() const {
  InputSpec spec;
  spec.width = spec.height = training.network.side;
  spec.channels = training.network.channels;
  spec.fit = fit == "crop" ? Fit::kCrop : fit == "pad" ? Fit::kPad : Fit::kStretch;
  return spec;
}

Result<ModelConfig> ReadModelConfig(const std::string& path, const std::string& overrides) {
  const auto bytes = ReadFile(path, kMaxConfigBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return Located(path, bytes.error());
  return ParseModelConfig({bytes.value().begin(), bytes.value().end()}, path, overrides);
}

Result<ModelConfig> ParseModelConfig(const std::string& text, const std::string& path,
                                     const std::string& overrides) {
  ModelConfig config;
  RETURN_IF_ERROR(ReadInto(path, text, "", &config));
  if (!overrides.empty()) {
    RETURN_IF_ERROR(ReadInto("--set", StrCat("set = {", overrides, "}"), "set", &config));
  }
  RETURN_IF_ERROR(Check(path, config));
  return config;
}

std::string SettingsText(const TrainingSettings& s) {
  const Augmentation& a = s.augmentation;
  std::string text = StrCat("epochs ", s.epochs, " steps ", s.steps, " batch ", s.batch, " seed ",
                            s.seed, " threads ", s.threads, " side ", s.network.side, " channels ",
                            s.network.channels, " numbers");
  for (const double number :
       {s.optimizer.learning_rate, s.optimizer.weight_decay, s.optimizer.average, a.stain_scale,
        a.stain_shift, a.brightness, a.zoom, a.shift, a.turn, a.blur, s.case_power, s.mixup,
        s.label_smoothing, s.distillation}) {
    text += StrCat(" ", DecimalText(number, 9));
  }
  if (s.network.turns > 1) text += StrCat(" turns ", s.network.turns);
  text += " layers";
  for (const LayerSpec& layer : s.network.layers) text += LayerText(layer);
  return text;
}

}  // namespace insitu
