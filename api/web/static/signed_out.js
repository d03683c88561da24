// After signing out. Browsers that were told to forget what this site stored heed it on encrypted and local pages only, so it is done here too.

import { forget } from "./drafts.js";

forget();
