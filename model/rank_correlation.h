// Spearman's rank correlation.
#pragma once

#include <span>

namespace insitu {

// Of as many values in a as in b, two at least. Equal values share their mean rank. 0 where all
// values of one are equal.
double RankCorrelation(std::span<const float> a, std::span<const float> b);

}  // namespace insitu
