#include "kinds/unapplied.h"

namespace hansa::kinds {

Error cannot_be_applied(const ResourceId& id) {
    return {Code::unavailable,
            id.text() + ": this version can load and draw kind " + id.kind + ", not apply it"};
}

}  // namespace hansa::kinds
