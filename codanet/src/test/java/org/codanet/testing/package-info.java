/** Shared code of this module's tests: devices to run on, and comparison of numbers. */
package org.codanet.testing;
