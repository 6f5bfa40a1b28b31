#include "kinds/standard.h"

#include "kinds/cron/cron.h"
#include "kinds/exec/exec.h"
#include "kinds/file/file.h"
#include "kinds/group/group.h"
#include "kinds/hostname/hostname.h"
#include "kinds/kv/kv.h"
#include "kinds/line/line.h"
#include "kinds/mount/mount.h"
#include "kinds/msg/msg.h"
#include "kinds/noop/noop.h"
#include "kinds/pkg/pkg.h"
#include "kinds/print/print.h"
#include "kinds/refused.h"
#include "kinds/svc/svc.h"
#include "kinds/sysctl/sysctl.h"
#include "kinds/test/test.h"
#include "kinds/timer/timer.h"
#include "kinds/user/user.h"

namespace hansa {

Catalog standard_kinds() {
    Catalog catalog;
    catalog.add(kinds::file());
    catalog.add(kinds::exec());
    catalog.add(kinds::noop());
    catalog.add(kinds::print());
    catalog.add(kinds::msg());
    catalog.add(kinds::timer());
    catalog.add(kinds::kv());
    catalog.add(kinds::test());

    catalog.add(kinds::svc());
    catalog.add(kinds::pkg());
    catalog.add(kinds::user());
    catalog.add(kinds::group());
    catalog.add(kinds::line());
    catalog.add(kinds::sysctl());
    catalog.add(kinds::mount());
    catalog.add(kinds::cron());
    catalog.add(kinds::hostname());

    for (auto& kind : kinds::refused()) catalog.add(std::move(kind));

    catalog.alias("service", "svc");
    return catalog;
}

}  // namespace hansa
