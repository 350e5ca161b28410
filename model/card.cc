#include "model/card.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <vector>

#include "model/checklists.h"
#include "model/decimal_text.h"
#include "model/metrics.h"
#include "shared/network/network.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kDigits = 3;

using Row = std::vector<std::string>;

std::string Number(const Json& value, int digits = kDigits) {
  return value.is_number() ? FixedText(value.get<double>(), digits) : "-";
}

std::string Range(const Json& interval) {
  if (!interval.is_array()) return "-";
  return StrCat(Number(interval.at(0)), " to ", Number(interval.at(1)));
}

// Digits in groups of three.
std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string Grouped(const Json& number) { return Grouped(number.get<int64_t>()); }

// Builds the Markdown text.
class Page {
 public:
  void Heading(const std::string& text) { text_ += "\n## " + text + "\n"; }
  void Paragraph(const std::string& text) { text_ += "\n" + text + "\n"; }
  void Code(const std::string& text) { text_ += "\n    " + text + "\n"; }
  void List(const Paragraphs& items) {
    text_ += "\n";
    for (const std::string& item : items) text_ += "- " + item + "\n";
  }
  void Table(const Row& headings, const std::vector<Row>& rows) {
    text_ += "\n";
    AddRow(headings);
    AddRow(Row(headings.size(), "---"));
    for (const Row& row : rows) AddRow(row);
  }
  void Title(const std::string& text) { text_ = "# " + text + "\n"; }
  std::string Take() { return std::move(text_); }

 private:
  void AddRow(const Row& row) {
    text_ += "|";
    for (const std::string& cell : row) text_ += " " + cell + " |";
    text_ += "\n";
  }

  std::string text_;
};

Status CheckSameModel(const CardFiles& files, const Classifier& classifier, const Json& report) {
  const auto refuse = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument,
                StrCat(files.report, " ", why, ". Evaluate ", files.model, " anew: make cards."));
  };
  const auto sha256 = report.at("model").at("sha256").get<std::string>();
  if (sha256 != classifier.sha256()) {
    return refuse(StrCat("is of the model with SHA-256 ", sha256, ", but ", files.model, " has ",
                         classifier.sha256()));
  }
  if (report.at("threshold").get<double>() != classifier.info().threshold) {
    return refuse(StrCat("was made at the threshold ", Number(report.at("threshold")),
                         " instead of the model's ", FixedText(classifier.info().threshold, 3)));
  }
  if (!report.at("errors").empty()) return refuse("names images that could not be read");
  return {};
}

void AddModel(const CardFiles& files, const Classifier& classifier, Page* page) {
  const ModelInfo& info = classifier.info();
  page->Heading("The model");
  std::string labels;
  for (const std::string& label : info.labels) labels += (labels.empty() ? "" : ", ") + label;
  std::vector<Row> rows = {
      {"file", StrCat("`", files.model, "`, id ", info.id, ", version ", info.version)},
      {"SHA-256", StrCat("`", classifier.sha256(), "`")},
      {"input", StrCat(info.input.width, "×", info.input.height, " pixels, ",
                       info.input.channels == 1 ? "grey" : "RGB", ", ",
                       DecimalText(info.um_per_pixel, 6), " µm per pixel; ", info.kind)},
      {"output", StrCat("probability of: ", labels)},
      {"positive", StrCat(info.labels[static_cast<size_t>(info.positive)], ", at a probability of ",
                          DecimalText(info.threshold, 6), " or above")},
      {"size", StrCat(Grouped(classifier.network().Parameters()), " parameters, ",
                      Grouped(classifier.network().MultiplyAdds()), " multiply-adds a patch")},
      {"trained on", info.training_data},
      {"sources", StrCat("commit `", info.training_commit, "`")}};
  for (const OperatingPoint& point : info.operating_points) {
    rows.push_back({StrCat("point \"", std::string(point.name), "\""),
                    StrCat(DecimalText(point.threshold, 6), ": sensitivity ",
                           FixedText(point.sensitivity, kDigits), ", specificity ",
                           FixedText(point.specificity, kDigits), " in training's folds")});
  }
  page->Table({"", ""}, rows);
  page->Paragraph("Layers and all metadata: `insitu model " + files.model + "`.");
}

void AddFigures(const CardFiles& files, const Json& report, const CardFacts& facts, Page* page) {
  const Json& data = report.at("data");
  const Json& pooled = report.at("pooled");
  const Json& intervals = report.at("intervals");
  page->Heading("Figures");
  page->Paragraph(
      StrCat("Of the ", Grouped(data.at("patches")), " patches of ", Grouped(data.at("cases")),
             " cases of ", data.at("name").get<std::string>(), ", ", Grouped(data.at("positives")),
             " of them ", report.at("positive_class").get<std::string>(), ", printed by"));
  page->Code(StrCat("build/native/insitu ", facts.command, " --model ", files.model, " --json ",
                    facts.evaluate));
  page->Paragraph(StrCat("and kept in `", files.report,
                         "`. Intervals: 95 %, bootstrap over cases, ",
                         Grouped(report.at("bootstrap").at("samples")), " samples."));
  std::vector<Row> rows;
  for (const Measure& measure : kMeasures) {
    const std::string name(measure.name);
    rows.push_back(
        {std::string(measure.heading), Number(pooled.at(name)), Range(intervals.at(name))});
  }
  rows.push_back({StrCat("mean AUC of ", Grouped(report.at("cases_with_auc")), " cases"),
                  Number(report.at("mean_case_auc")), Range(intervals.at("mean_case_auc"))});
  page->Table({"all patches", "", "95 %"}, rows);
  page->Paragraph(
      "BAC is the mean of recall (sensitivity) and specificity; recall, precision and F1 are of "
      "the positive class; Brier and NLL (nats) are mean losses of the probability; ECE is its "
      "mean "
      "difference from the observed share, in 15 bins (`model/reliability.h`).");
  const Json& c = pooled.at("confusion");
  page->Table({"", "called positive", "called negative"},
              {{"is positive", Grouped(c.at("tp")), Grouped(c.at("fn"))},
               {"is negative", Grouped(c.at("fp")), Grouped(c.at("tn"))}});
  if (!report.contains("at_prevalence")) return;
  const Json& at = report.at("at_prevalence");
  rows.clear();
  for (const PrevalenceMeasure& measure : kPrevalenceMeasures) {
    const std::string name(measure.name);
    rows.push_back(
        {std::string(measure.heading), Number(at.at(name)), Range(at.at("intervals").at(name))});
  }
  page->Paragraph(StrCat("Predictive values and losses belong to a prevalence. Where ",
                         FixedText(100 * at.at("prevalence").get<double>(), 1),
                         " % of the patches are positive, each class judged as here, they are:"));
  page->Table({"", "", "95 %"}, rows);
}

// Of a mammogram model: whole films and marks on them.
void AddFilms(const Json& report, Page* page) {
  if (!report.contains("froc")) return;
  page->Heading("Films");
  const Json& films = report.at("films");
  const Json& protocol = report.at("protocol");
  const auto with_range = [](const Json& figure) {
    return StrCat(Number(figure.at("value")), " (", Range(figure.at("interval")), ")");
  };
  const bool by_folds = protocol.at("judged_by") == "folds";
  const std::string judge =
      by_folds
          ? "a model of the same training that has not seen the woman, with the women dealt out "
            "to folds as many times as here: "
          : "this model itself, which is no result for films that it was trained on; repeats: ";
  page->Paragraph(StrCat("Each of the ", Grouped(films.at("films")), " films of ",
                         Grouped(films.at("women")), " women judged by ", judge,
                         Grouped(protocol.at("repeats")), ". ", Grouped(films.at("abnormal_films")),
                         " films have a finding. Telling these by the strongest ", "mark: AUC ",
                         with_range(films.at("auc")), ". Calling every film negative: accuracy ",
                         Number(films.at("always_negative").at("accuracy")),
                         ", BAC and AUC 0.5; calling every patch negative: accuracy ",
                         Number(report.at("patches").at("always_negative").at("accuracy")), "."));
  if (by_folds) {
    const Json& thresholds = protocol.at("thresholds");
    page->Paragraph(
        StrCat("A patch is called at the threshold, and by the uncertain band, of the "
               "model that judged its film, fitted without the woman: thresholds from ",
               Number(thresholds.at(0)), " to ", Number(thresholds.at(1)),
               ". So are all figures above and below that call patches; the threshold, "
               "points and band of the file itself are of all women."));
  }
  page->Paragraph(StrCat("Share of the ", Grouped(films.at("findings_with_place")),
                         " findings of known place that are marked, at so many false marks a film "
                         "(FROC, `model/froc.h`):"));
  std::vector<Row> rows;
  for (const Json& point : report.at("froc")) {
    rows.push_back({Number(point.at("false_marks_a_film"), 1),
                    with_range(point.at("on_normal_films")), with_range(point.at("on_all_films")),
                    with_range(point.at("chance_on_normal_films"))});
  }
  page->Table({"false marks", "counted on normal films", "on all films", "by chance"}, rows);
  Row kinds, found;
  for (const auto& [kind, figures] : report.at("found_by_kind").at("kinds").items()) {
    kinds.push_back(kind);
    found.push_back(
        StrCat(Number(figures.at("found"), 1), " of ", Grouped(figures.at("findings"))));
  }
  page->Paragraph("Of these, found at one false mark a normal film:");
  page->Table(kinds, {found});
}

void AddPublished(const Json& report, const CardFacts& facts, Page* page) {
  page->Heading("Beside published figures");
  const Json& pooled = report.at("pooled");
  const Json& intervals = report.at("intervals");
  std::vector<Row> rows;
  for (const PublishedBar& bar : facts.published) {
    rows.push_back({bar.who, bar.model, FixedText(bar.balanced_accuracy, kDigits),
                    FixedText(bar.f1, kDigits) + (bar.f1_note.empty() ? "" : ", " + bar.f1_note)});
  }
  const auto with_range = [&](const char* name) {
    return StrCat(Number(pooled.at(name)), " (", Range(intervals.at(name)), ")");
  };
  rows.push_back({"**this model**, " + report.at("data").at("name").get<std::string>(),
                  report.at("model").at("id"), with_range("balanced_accuracy"), with_range("f1")});
  page->Table({"who", "model", "BAC", "F1 of the positive class"}, rows);
  for (const std::string& note : facts.published_notes) page->Paragraph(note);
}

struct CaseFigures {
  double auc = 0;  // 2: has none, which puts it last
  std::string id;
  const Json* metrics = nullptr;
};

// The report's cases, the one with the lowest AUC first.
std::vector<CaseFigures> WorstFirst(const Json& report) {
  std::vector<CaseFigures> cases;
  for (const auto& [id, metrics] : report.at("cases").items()) {
    const Json& auc = metrics.at("auc");
    cases.push_back({auc.is_number() ? auc.get<double>() : 2, id, &metrics});
  }
  std::sort(cases.begin(), cases.end(), [](const CaseFigures& a, const CaseFigures& b) {
    return std::tie(a.auc, a.id) < std::tie(b.auc, b.id);
  });
  return cases;
}

void AddCases(const Json& report, Page* page) {
  page->Heading("Cases");
  page->Paragraph("Each by itself, the one with the lowest AUC first.");
  std::vector<Row> rows;
  for (const CaseFigures& one : WorstFirst(report)) {
    const Json& m = *one.metrics;
    const Json& c = m.at("confusion");
    rows.push_back({one.id, Grouped(m.at("n")),
                    Grouped(c.at("tp").get<int64_t>() + c.at("fn").get<int64_t>()),
                    Number(m.at("auc")), Number(m.at("balanced_accuracy")),
                    Number(m.at("sensitivity")), Number(m.at("specificity")), Number(m.at("f1"))});
  }
  page->Table({"case", "patches", "positive", "AUC", "BAC", "recall", "specificity", "F1"}, rows);
}

void AddCalibration(const Json& report, const CardFacts& facts, Page* page) {
  page->Heading("Calibration");
  for (const std::string& text : facts.calibration) page->Paragraph(text);
  std::vector<Row> rows;
  for (const Json& bin : report.at("reliability")) {
    rows.push_back({StrCat(Number(bin.at("low")), " to ", Number(bin.at("high"))),
                    Grouped(bin.at("n")), Number(bin.at("mean_probability")),
                    Number(bin.at("observed")), Range(bin.at("interval"))});
  }
  page->Table({"probability", "patches", "its mean", "share positive", "95 %"}, rows);
  if (!report.contains("uncertain")) {
    page->Paragraph("The model has no uncertain band.");
    return;
  }
  const Json& band = report.at("uncertain");
  const auto with_range = [&band](const char* name) {
    return StrCat(Number(band.at(name)), " (", Range(band.at("intervals").at(name)), ")");
  };
  page->Paragraph(
      StrCat("A probability from ", Number(band.at("low")), " up to ", Number(band.at("high")),
             " is answered \"uncertain: have it read\". The band was made so that in the "
             "mean case ",
             Number(band.at("coverage_stated"), 2),
             " of the patches of either class are answered rightly or uncertain. Here "
             "it is ",
             with_range("covered_negative"), " of the negative and ",
             with_range("covered_positive"), " of the positive ones; ",
             with_range("share_abstained"), " of all patches are uncertain, and ",
             with_range("error_kept"), " of the others are answered wrongly."));
}

// "Less than half of the positive patches are found in: 10260 (18 of 39)."
std::string BelowHalf(const Json& report, const char* measure, const char* right, const char* wrong,
                      const std::string& sentence) {
  std::string cases;
  for (const auto& [id, m] : report.at("cases").items()) {
    if (!m.at(measure).is_number() || m.at(measure).get<double>() >= 0.5) continue;
    const auto found = m.at("confusion").at(right).get<int64_t>();
    const auto missed = m.at("confusion").at(wrong).get<int64_t>();
    cases += StrCat(cases.empty() ? "" : ", ", id, " (", found, " of ", found + missed, ")");
  }
  return StrCat(sentence, ": ", cases.empty() ? "no case" : cases, ".");
}

void AddFailures(const Json& report, const CardFacts& facts, Page* page) {
  page->Heading("Failures");
  Paragraphs found = {
      BelowHalf(report, "sensitivity", "tp", "fn",
                "Cases in which less than half of the positive patches are called positive"),
      BelowHalf(report, "specificity", "tn", "fp",
                "Cases in which less than half of the negative patches are called negative")};
  std::string lowest;
  const auto cases = WorstFirst(report);
  for (size_t i = 0; i < std::min<size_t>(3, cases.size()); ++i) {
    lowest +=
        StrCat(i == 0 ? "" : ", ", cases[i].id, " (", Number(cases[i].metrics->at("auc")), ")");
  }
  found.push_back(StrCat("Lowest AUC: ", lowest, "."));
  found.insert(found.end(), facts.failures.begin(), facts.failures.end());
  page->List(found);
}

void AddChecklist(const std::string& heading, const std::string& source,
                  std::span<const ChecklistItem> items,
                  const std::map<std::string, std::string>& answers, Page* page) {
  page->Heading(heading);
  page->Paragraph(source);
  std::vector<Row> rows;
  for (const ChecklistItem& item : items) {
    const std::string number(item.number);
    rows.push_back({number, std::string(item.topic), answers.at(number)});
  }
  page->Table({"item", "about", "answered in"}, rows);
}

std::string CardText(const CardFiles& files, const Classifier& classifier, const Json& report,
                     const CardFacts& facts) {
  Page page;
  page.Title(StrCat("Model card: ", classifier.info().id, " ", classifier.info().version));
  page.Paragraph("**For research and education only. Not a medical device.**");
  for (const std::string& text : facts.summary) page.Paragraph(text);
  page.Paragraph(StrCat("`make cards` writes this page from `", files.model, "`, `", files.report,
                        "` and `", files.facts, "`; change those."));
  page.Heading("Intended use");
  page.List(facts.intended);
  page.Heading("Excluded use");
  page.List(facts.excluded);
  AddModel(files, classifier, &page);
  page.Heading("Data");
  page.List(facts.data);
  page.Heading("Split");
  page.List(facts.split);
  AddFigures(files, report, facts, &page);
  AddFilms(report, &page);
  AddPublished(report, facts, &page);
  AddCases(report, &page);
  AddCalibration(report, facts, &page);
  AddFailures(report, facts, &page);
  page.Heading("What it is not");
  page.List(facts.is_not);
  page.Heading("Licences");
  page.List(facts.licences);
  AddChecklist(
      "CLAIM",
      "Checklist for Artificial Intelligence in Medical Imaging, 2024 update (Tejani et "
      "al. 2024), its items in our words. A name without a file is a section of this card.",
      kClaim, facts.claim, &page);
  AddChecklist("TRIPOD+AI", "Collins et al. 2024, its items in our words.", kTripod, facts.tripod,
               &page);
  page.Heading("References");
  page.List(facts.references);
  return page.Take();
}

}  // namespace

Result<std::string> ModelCard(const CardFiles& files, const Classifier& classifier,
                              const Json& report, const CardFacts& facts) {
  try {
    RETURN_IF_ERROR(CheckSameModel(files, classifier, report));
    return CardText(files, classifier, report, facts);
  } catch (const Json::exception& error) {
    return Fail(ErrorCode::kInvalidArgument,
                StrCat(files.report, " is no report of insitu evaluate --json: ", error.what()));
  }
}

}  // namespace insitu
