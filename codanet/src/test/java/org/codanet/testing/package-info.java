/** What the tests of this module share: devices to run on and how near numbers must be. */
package org.codanet.testing;
