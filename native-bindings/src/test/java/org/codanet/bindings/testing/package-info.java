/** What the tests of every module share that need something of the machine. */
package org.codanet.bindings.testing;
