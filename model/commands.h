// The subcommands of insitu. Each takes the words after its name and returns the exit code.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "shared/classifier.h"
#include "shared/result.h"

namespace insitu {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // something asked for could not be done; stderr says what
inline constexpr int kExitUsage = 2;    // the command line is not understood

using Words = std::vector<std::string>;

int RunPredict(const Words& words, std::ostream& out, std::ostream& err);
int RunEvaluate(const Words& words, std::ostream& out, std::ostream& err);
int RunEvaluateFilms(const Words& words, std::ostream& out, std::ostream& err);
int RunCard(const Words& words, std::ostream& out, std::ostream& err);
int RunExplain(const Words& words, std::ostream& out, std::ostream& err);
int RunExplainCheck(const Words& words, std::ostream& out, std::ostream& err);
int RunScan(const Words& words, std::ostream& out, std::ostream& err);
int RunShrink(const Words& words, std::ostream& out, std::ostream& err);
int RunDescribe(const Words& words, std::ostream& out, std::ostream& err);
int RunOnnxTest(const Words& words, std::ostream& out, std::ostream& err);

// Says what is wrong with the command line. Returns kExitUsage.
int UsageError(const std::string& message, std::ostream& err);

// Says why a command failed. Returns kExitFailure.
int Failure(const Error& error, std::ostream& err);

// Errors: those of ReadFile and Classifier::Create.
Result<Classifier> LoadClassifier(const std::string& path);

}  // namespace insitu
