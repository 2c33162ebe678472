/** Shared by the tests of all modules: skips tests whose requirements the machine does not meet. */
package org.codanet.bindings.testing;
