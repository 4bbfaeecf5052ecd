// The chat page: keys, drafts, the drawer, and staying at the end of an answer.
(() => {
  'use strict';
  const { on, say } = window.hearth;
  const root = document.documentElement;

  // Enter sends; Shift and Enter, and a word that is still being composed, do not.
  on('keydown', 'textarea[data-send]', (area, e) => {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    const send = area.form.querySelector('button[type="submit"]');
    if (!send || send.disabled) return;
    area.dispatchEvent(new Event('change', { bubbles: true }));
    area.form.requestSubmit(send);
  });
  document.addEventListener('keydown', e => {
    if (e.key !== 'Escape' || document.querySelector('dialog[open]')) return;
    const menu = document.querySelector('details[data-menu][open]');
    const cancel = e.target instanceof Element && e.target.closest('form')?.querySelector('[data-escape]');
    if (menu) {
      menu.open = false;
      menu.querySelector('summary').focus();
    } else if (root.dataset.drawer !== undefined) drawer(false);
    else if (cancel) cancel.click();
    else document.querySelector('[data-stop]')?.click();
  });
  document.addEventListener('click', e => {
    for (const menu of document.querySelectorAll('details[data-menu][open]')) if (!menu.contains(e.target) || e.target.closest('a')) menu.open = false;
  });

  // What was begun is not lost when the page is loaded again, or when it comes alive while somebody writes.
  const draft = () => 'draft:' + location.pathname;
  const box = () => document.querySelector('textarea[data-composer]');
  on('input', 'textarea[data-composer]', area => sessionStorage.setItem(draft(), area.value));
  // Sent before the page has come alive, it goes as soon as it has.
  let waits = false;
  const alive = () => document.querySelector('main[data-live]');
  document.addEventListener('submit', e => {
    if (!e.target.querySelector('textarea[data-send]')) return;
    if (!alive()) {
      e.preventDefault();
      e.stopImmediatePropagation();
      waits = true;
    } else if (e.target.querySelector('textarea[data-composer]')) sessionStorage.removeItem(draft());
  }, true);

  const fit = CSS.supports('field-sizing', 'content') ? () => { } : area => {
    area.style.height = 'auto';
    area.style.height = area.scrollHeight + 2 + 'px';
  };
  on('input', 'textarea.grow', fit);

  // The list of conversations is a drawer on narrow screens.
  const drawer = open => {
    if (open) root.dataset.drawer = '';
    else delete root.dataset.drawer;
    const button = document.querySelector('[data-open-drawer]');
    button?.setAttribute('aria-expanded', String(open));
    if (open) document.querySelector('.history .new')?.focus();
    else button?.focus();
  };
  on('click', '[data-open-drawer]', () => drawer(true));
  on('click', '[data-close-drawer]', () => { if (root.dataset.drawer !== undefined) drawer(false); });
  document.addEventListener('click', e => {
    if (root.dataset.drawer !== undefined && !e.target.closest('.history, [data-open-drawer], dialog')) drawer(false);
  });

  // The end of an answer stays in sight, unless somebody has scrolled away from it.
  let atEnd = true, live = null, path = null, seen = null;
  const near = () => root.scrollHeight - root.scrollTop - root.clientHeight < 120;
  addEventListener('scroll', () => { atEnd = near(); }, { passive: true });
  const changed = () => {
    const area = box();
    if (area && area !== seen) {
      seen = area;
      const kept = sessionStorage.getItem(draft());
      if (kept && !area.value) {
        area.value = kept;
        area.dispatchEvent(new Event('change', { bubbles: true }));
      }
      fit(area);
      if (matchMedia('(pointer: fine)').matches && (document.activeElement === document.body || !document.activeElement)) area.focus({ preventScroll: true });
    }
    if (waits && area && alive()) {
      waits = false;
      area.form.requestSubmit();
    }
    const focus = document.querySelector('textarea[data-focus]:not([data-focused])');
    if (focus) {
      focus.dataset.focused = '';
      focus.focus();
      focus.setSelectionRange(focus.value.length, focus.value.length);
    }
    const now = document.querySelector('.turn.live');
    if (now !== live) {
      if (now) atEnd = true;
      else say('The answer has ended.');
      live = now;
    }
    if (path !== location.pathname) {
      path = location.pathname;
      if (document.querySelector('.turn')) atEnd = true;
    }
    if (atEnd && document.querySelector('.turn')) scrollTo(0, root.scrollHeight);
  };
  new MutationObserver(changed).observe(document.body, { childList: true, subtree: true, characterData: true });
  changed();
})();
