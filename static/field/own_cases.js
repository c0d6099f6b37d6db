// On a liaison's account page: signing out ends what this phone can read, and stops while something is not sent.

import { watchLeaving } from './leave.js';

watchLeaving(document.getElementById('own').dataset);
