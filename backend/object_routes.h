// The routes of what people keep: /api/objects. An object is two parts, a body and a record; it is
// there once both are. Another's object is one that does not exist, on every verb.
#pragma once

#include <vector>

#include "backend/account_json.h"
#include "backend/accounts.h"
#include "backend/router.h"
#include "backend/store_objects.h"

namespace insitu {

// The accounts must outlive the routes.
std::vector<Route> ObjectRoutes(Accounts* accounts);

// An object as its owner sees it; nothing, which is logged, if the server sealed its record and
// cannot open it.
std::optional<Json> ObjectJson(const Accounts& accounts, const Object& object);

}  // namespace insitu
